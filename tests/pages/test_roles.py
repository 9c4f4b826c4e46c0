"""Who may see what: researchers the dashboard, raters and strangers their own page alone."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from bcos_core.errors import InputError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.store import JobStore
from bcos_core.researchers import listed_researchers
from bcos_core.storage.upgrade import open_database
from bcos_core.study.raters import Raters
from bcos_core.study.studies import Studies
from pages.server import roles
from pages.server.roles import Role, role
from pages.server.rooms import ROOMS
from pages.server.visits import VISITS, Guest, Visit
from tests.pages.conftest import OpenPage, words
from tests.study.world import make_world

PAGES = tuple(ROOMS)


class Visitor(dict[str, Any]):
    """What the identity provider says of whoever is at the browser."""

    @property
    def is_logged_in(self) -> bool:
        return bool(self)


ISSUER = "https://login.example.org"
ADA = {"iss": ISSUER, "sub": "ada-1815", "email": "ada@example.org", "email_verified": True}


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "identity_provider", lambda: True)
    monkeypatch.setenv("BCOS_RESEARCHERS", f"{ISSUER} ada-1815, {ISSUER}  stra\u00dfe ,")


@pytest.mark.parametrize(
    ("visitor", "expected"),
    [
        (ADA, Role.RESEARCHER),
        ({"iss": ISSUER, "sub": "stra\u00dfe"}, Role.RESEARCHER),
        ({"iss": ISSUER, "sub": "strasse"}, Role.RATER),  # what casefold takes for the same
        ({"iss": ISSUER, "sub": "ADA-1815"}, Role.RATER),
        ({**ADA, "iss": "https://login.example.org/"}, Role.RATER),
        ({**ADA, "iss": "https://evil.example.org"}, Role.RATER),
        ({**ADA, "sub": "eve"}, Role.RATER),  # her address, and somebody else
        ({"email": "ada@example.org", "email_verified": True}, Role.RATER),
        ({"email": "ada@example.org", "email_verified": "false"}, Role.RATER),
        ({"email": "ada@example.org"}, Role.RATER),
        ({"sub": "ada-1815"}, Role.RATER),
        ({"iss": ISSUER}, Role.RATER),
        ({"iss": [ISSUER], "sub": ["ada-1815"]}, Role.RATER),
        ({"iss": "", "sub": ""}, Role.RATER),
        ({}, Role.RATER),
    ],
)
def test_researchers_are_those_whose_issuer_and_subject_are_listed(
    provider: None, monkeypatch: pytest.MonkeyPatch, visitor: dict[str, Any], expected: Role
) -> None:
    monkeypatch.setattr(st, "user", Visitor(visitor))
    assert role() == expected


@pytest.mark.parametrize("entry", ["ada@example.org", "ada-1815", f"{ISSUER} ada 1815", "login.example.org ada-1815"])
def test_a_list_that_names_nobody_for_good_is_refused(entry: str) -> None:
    with pytest.raises(InputError, match="ISSUER SUBJECT"):
        listed_researchers(f"{ISSUER} ada-1815, {entry}")


def test_a_server_for_raters_has_no_researchers(provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", Visitor(ADA))
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    assert role() == Role.RATER


def test_an_empty_list_of_researchers_lets_nobody_in(provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_RESEARCHERS", "")
    for visitor in (ADA, {"iss": "", "sub": ""}, {"name": "nobody"}):
        monkeypatch.setattr(st, "user", Visitor(visitor))
        assert role() == Role.RATER


def test_secrets_that_cannot_be_read_open_no_dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets.toml").write_text("[auth\n")
    monkeypatch.setattr(st, "get_option", lambda name: [str(tmp_path / "secrets.toml")])
    monkeypatch.setattr(st, "secrets", Secrets())
    with pytest.raises(FileNotFoundError):
        role()


@pytest.mark.parametrize("name", PAGES)
def test_strangers_see_no_page(
    provider: None, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world = make_world(home)
    monkeypatch.setattr(st, "user", Visitor(ADA))
    at = open_page(name)  # a researcher, who then logs out: the browser still asks for the same page
    monkeypatch.setattr(st, "user", Visitor())
    at = at.run()
    assert not at.exception
    said = words(at)
    assert "Open the link of your invitation" in said
    assert world.locked.design.title not in said
    assert [button.label for button in at.button] == ["Log in as a researcher"]


def test_a_researcher_sees_the_dashboard(
    provider: None, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(home)
    monkeypatch.setattr(st, "user", Visitor(ADA))
    assert world.locked.design.title in words(open_page("studies"))


def test_whoever_is_logged_in_and_not_listed_is_shown_what_to_list(
    provider: None, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", Visitor(ADA, sub="eve"))
    at = open_page("home")
    assert [code.value for code in at.code] == [f"{ISSUER} eve"]
    assert [button.label for button in at.button] == ["Log out"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_asks_by_itself(provider: None, home: Home, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As if nothing in front of it had: the file alone, as Streamlit's folder mode runs it."""
    make_world(home)
    monkeypatch.setattr(st, "user", Visitor())
    at = AppTest.from_file(str(CHECKOUT / "pages" / name / "page.py"), default_timeout=60).run()
    assert not at.exception
    assert words(at) == "Welcome\nOpen the link of your invitation to take part in a study."
    assert not at.button and not at.main.children.keys() - {0, 1}


def test_every_page_of_the_folder_asks_before_it_does_anything() -> None:
    """The first thing that runs is `head`: what stands before it is imports of code, and functions."""
    navigation = CHECKOUT / "pages" / "navigation.py"  # which page runs is chosen by the role
    assert "is_researcher = role() == Role.RESEARCHER" in navigation.read_text()
    assert list((CHECKOUT / "pages").glob("*.py")) == [navigation]
    for path in (CHECKOUT / "pages").glob("*/page.py"):
        room = path.parent.name
        calls = [
            ast.unparse(statement)
            for statement in ast.parse(path.read_text(encoding="utf-8")).body
            if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
        ]
        if room == "welcome":
            assert calls[0] == "welcome()"
        elif room == "rate":  # a page of its own: the key in the address says who is there
            assert len(calls) == 1 and calls[0].startswith("st.html(") and "show_rating()" in path.read_text()
        elif room in ("home", "jobs"):
            assert calls == ["main()"]
        else:
            assert room in PAGES and calls[0].startswith("head("), path


def test_no_part_runs_by_itself_without_asking() -> None:
    """`st.fragment` and `st.dialog` are used in one place, which asks for the role at each run."""
    users = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "pages").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Attribute) and node.attr in ("fragment", "dialog", "experimental_fragment"))
        or (isinstance(node, ast.ImportFrom) and node.module == "streamlit")
    }
    assert users == {"pages/widgets/frame.py"}


def test_a_fragment_draws_nothing_once_the_role_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def script() -> None:
        import streamlit as st

        from pages.widgets.frame import fragment

        @fragment(run_every=None)
        def secret(word: str) -> None:
            st.markdown(word)

        secret("the jobs")

    at = AppTest.from_function(script).run()
    assert words(at) == "the jobs"
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    assert "the jobs" not in words(at.run())


def test_nothing_is_done_with_jobs_for_anybody_else(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def script() -> None:
        import streamlit as st

        from pages.widgets.jobs import job_store

        job_store().submit("train", "Mine", {}, "key")
        st.markdown("submitted")

    assert words(AppTest.from_function(script).run()) == "submitted"
    assert len(JobStore.open(home).list()) == 1
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    assert "submitted" not in words(AppTest.from_function(script).run())
    assert len(JobStore.open(home).list()) == 1


def test_nothing_is_done_with_studies_for_anybody_else(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world(home)

    def script() -> None:
        import streamlit as st

        from pages.widgets.studies import studies, study_of

        (study,) = studies().list() if not st.query_params else [study_of(st.query_params["study"])]
        st.markdown("for raters")
        studies().close(study.id)
        st.markdown("closed")

    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    at = AppTest.from_function(script)
    assert "closed" not in words(at.run())
    at.query_params["study"] = world.study.id
    assert "for raters" in words(at.run()) and "closed" not in words(at)
    assert Studies(open_database(home)).get(world.study.id).status == "open"
    monkeypatch.setenv("BCOS_RATERS_ONLY", "0")
    assert "closed" in words(AppTest.from_function(script).run())
    assert Studies(open_database(home)).get(world.study.id).status == "closed"


def test_the_server_learns_who_is_there(home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Places and pace are by who a run of a page has found: a researcher, a rater with a key, or nobody."""
    world = make_world(home)
    joined = Raters(open_database(home)).join(world.token)
    Raters(open_database(home)).consent(joined.rater.id)
    visit = Visit("", 0.0)
    monkeypatch.setattr(VISITS, "present", lambda: visit.guest)
    monkeypatch.setattr(VISITS, "recognise", lambda guest: setattr(visit, "guest", guest))
    open_page("home")
    assert visit.guest == Guest.RESEARCHER
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    open_page("rate")
    assert visit.guest == Guest.STRANGER
    open_page("rate", rater="somebody")
    assert visit.guest == Guest.STRANGER
    open_page("rate", rater=joined.resume_token)
    assert visit.guest == Guest.RATER


def test_no_page_keeps_an_answer_of_who_is_there_by_name() -> None:
    """A name that is imported stays what it was at that moment: a test's answer would be the next test's."""
    kept = [
        path.relative_to(CHECKOUT)
        for path in (CHECKOUT / "pages").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and node.module == "pages.server.roles"
        and "identity_provider" in {alias.name for alias in node.names}
    ]
    assert kept == []
