"""What a role may not do is offered to nobody as if it could be done, and says who may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from tiny_pair import save_pair

from bcos_core.access.actor import Role
from bcos_core.accounts.sessions import sign_in
from bcos_core.accounts.users import User, Users, require_link
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import read_info
from bcos_core.shelf.trash import put_away
from bcos_core.shelf.uses import uses_of
from bcos_core.storage.audit import Outcome, entries
from bcos_core.storage.upgrade import open_database
from bcos_core.study.recruiting import PROLIFIC
from bcos_core.study.studies import Studies
from pages.server import roles
from tests.pages.conftest import PASSWORD, OpenPage, Team, button, words
from tests.study.world import make_world


def account(home: Home, name: str) -> User:
    return Users(open_database(home)).named(name)


def anns(home: Home) -> JobStore:
    return JobStore.open(home).acting(account(home, "Ann").actor(roles.Mode.PASSWORD))


def test_a_job_is_its_owners_and_admins_to_cancel(home: Home, team: Team, open_page: OpenPage) -> None:
    job, _ = anns(home).submit("train", "A job", {}, "key")
    for name, allowed in (("Ann", True), ("Root", True), ("Bob", False), ("Vic", False)):
        team(name)
        at = open_page("jobs", job=job.id)
        assert "by Ann" in words(at)
        cancel = button(at, "Cancel")
        assert cancel.disabled is not allowed
        if name == "Bob":
            assert "belongs to somebody else" in cancel.help and "an admin" in cancel.help
        if name == "Vic":
            assert "takes the role of researcher or admin" in cancel.help


def test_one_person_alone_is_offered_everything(home: Home, open_page: OpenPage) -> None:
    job, _ = JobStore.open(home).submit("train", "A job", {}, "key")
    at = open_page("jobs", job=job.id)
    assert not button(at, "Cancel").disabled
    asked = next(one.value for one in at.caption if one.value.startswith("Asked for"))
    assert " by " not in asked


@pytest.mark.parametrize("name", ["home", "train", "jobs", "models", "compare", "reproduce", "lab", "studies"])
def test_nothing_that_a_viewer_can_press_is_refused(
    home: Home, team: Team, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Each button that is not off, pressed on a page of its own; also those in menus."""
    make_world(home)
    job, _ = anns(home).submit("train", "A job that was cancelled", {}, "key")
    anns(home).cancel(job.id)
    anns(home).submit("train", "A job that waits", {}, "other")
    monkeypatch.setattr(st, "switch_page", lambda *args, **options: st.stop())
    team("Vic")
    before = open_page(name)
    assert not before.exception
    offered = [one.key or one.label for one in before.button if not one.disabled]
    assert len(offered) < len(before.button) or name in ("compare", "models")
    for which in offered:
        at = open_page(name)
        pressed = next((one for one in at.button if (one.key or one.label) == which), None)
        if pressed is not None:
            assert not pressed.click().run().exception
    assert _refused(home) == []


def _refused(home: Home) -> list[tuple[str, str]]:
    return [(one.action, one.detail) for one in entries(open_database(home), outcome=Outcome.REFUSED)]


def test_a_study_of_somebody_else(home: Home, team: Team, open_page: OpenPage) -> None:
    world = make_world(home)  # made by a command: nobody's own
    team("Bob")
    at = open_page("studies", study=world.study.id)
    off = {one.label for one in at.button if one.disabled}
    assert {"Pause", "Close it", "Extend it", "Make links"} <= off
    team("Root")
    off = {one.label for one in open_page("studies", study=world.study.id).button if one.disabled}
    assert not {"Pause", "Close it", "Extend it", "Make links"} & off


def test_a_model_in_the_trash_that_cannot_be_read(home: Home, team: Team, open_page: OpenPage) -> None:
    folder, _ = save_pair(home)
    store = JobStore.open(home)
    done = put_away(uses_of([read_info(folder)], [], store), store)
    (home.trash / done.id / folder.name / "config.json").write_text("{")
    for name, allowed in (("Vic", False), ("Bob", False), ("Root", True)):
        team(name)
        assert button(open_page("models"), "Take back").disabled is not allowed, name


def test_what_a_panel_pays_for_is_shown_to_those_who_may_change_it(home: Home, team: Team, open_page: OpenPage) -> None:
    world = make_world(home)
    Studies(open_database(home)).recruit(world.study.id, replace(PROLIFIC, completion="CODE-1"))

    def fields(at: AppTest) -> list[str | None]:
        return [one.value for one in at.text_input]

    for name, shown in (("Vic", False), ("Bob", False), ("Root", True)):
        team(name)
        at = open_page("studies", study=world.study.id)
        assert not at.exception and not at.error
        assert ("CODE-1" in fields(at)) is shown, name
    assert _refused(home) == []


def test_people_shows_sessions_and_ends_one(home: Home, team: Team, open_page: OpenPage) -> None:
    token = sign_in(open_database(home), "Vic", PASSWORD, address="203.0.113.7")
    team("Root")
    at = open_page("people")
    assert "from 203.0.113.7, signed in" in words(at)
    ending = [one for one in at.button if one.label == "End"]
    assert len(ending) == 2  # Vic's, and Root's own
    session = roles.actor_of(open_database(home), token)
    vics = next(one for one in ending if one.key == f"end-{_id_of(home, session.id)}")
    vics.click().run()
    assert roles.actor_of(open_database(home), token) == roles.NOBODY


def _id_of(home: Home, user: str) -> Any:
    from bcos_core.accounts.open_sessions import open_sessions
    from bcos_core.storage.types import utc_now

    (one,) = open_sessions(open_database(home), user, now=utc_now())
    return one.id


def test_a_refused_change_of_a_role_is_said_at_the_person_who_keeps_it(
    home: Home, team: Team, open_page: OpenPage
) -> None:
    team("Root")
    at = open_page("people")
    root = Users(open_database(home)).named("Root")

    def role() -> Any:
        (box,) = [one for one in at.selectbox if str(one.key).startswith(f"role-{root.id}-")]
        return box

    role().select(Role.VIEWER).run()
    assert "Nobody would be an admin any more" in words(at)
    assert role().value == Role.ADMIN and Users(open_database(home)).named("Root").role == Role.ADMIN
    at.run()
    assert "Nobody would be an admin any more" not in words(at)


def _name_field(at: AppTest) -> Any:
    (field,) = [one for one in at.text_input if one.label == "Name"]
    return field


def _add(at: AppTest, name: str) -> None:
    _name_field(at).set_value(name)
    button(at, "Add").click().run()


def test_a_link_to_choose_a_password_stays_until_it_is_put_away(home: Home, team: Team, open_page: OpenPage) -> None:
    """It is told once: whatever is pressed next, a second time the same button too, does not take it away."""
    team("Root")
    at = open_page("people")
    _add(at, "Eve")
    eve = Users(open_database(home)).named("Eve")
    (link,) = [one.value for one in at.code]
    token = link.partition("token=")[2]
    require_link(open_database(home), token)
    assert "Send this to Eve" in at.success[0].value and "No password yet" in words(at)
    at.run()
    assert [one.value for one in at.code] == [link] and not at.error
    assert not _name_field(at).value  # a form of its own for each account
    button(at, "Put it away").click().run()
    assert not at.code and Users(open_database(home)).named("Eve") == eve


def test_a_form_that_was_refused_stays_open_with_what_was_typed(home: Home, team: Team, open_page: OpenPage) -> None:
    team("Root")
    at = open_page("people")
    _add(at, "vic")
    (said,) = [one.value for one in at.error]
    assert "There is an account 'vic' already" in said
    (form,) = [one for one in at.expander if one.label == "Add somebody"]
    assert form.proto.expanded and [one.value for one in form.text_input] == ["vic"]
