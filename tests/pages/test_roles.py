"""Who may see what: researchers the dashboard, raters and strangers their own page alone."""

from __future__ import annotations

import ast
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.runtime.secrets import Secrets
from streamlit.testing.v1 import AppTest

from bcos_core.access.actor import NOBODY, SINGLE_USER, Mode, Role
from bcos_core.accounts.users import Users
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.audit import Outcome, entries
from bcos_core.storage.upgrade import open_database
from bcos_core.study.raters import Raters
from bcos_core.study.studies import Studies
from pages.people import record
from pages.server import roles
from pages.server.roles import actor
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
def provider(home: Home, monkeypatch: pytest.MonkeyPatch) -> Users:
    """Ada is the admin, Stra\u00dfe a researcher, Vic a viewer, Ben disabled."""
    monkeypatch.setattr(roles, "identity_provider", lambda: True)
    users = Users(open_database(home))
    for name, role, subject in (
        ("Ada", Role.ADMIN, "ada-1815"),
        ("Sam", Role.RESEARCHER, "stra\u00dfe"),
        ("Vic", Role.VIEWER, "vic"),
        ("Ben", Role.ADMIN, "ben"),
    ):
        users.add(name, role, issuer=ISSUER, subject=subject)
    users.disable(users.named("Ben").id)
    return users


@pytest.mark.parametrize(
    ("visitor", "expected"),
    [
        (ADA, Role.ADMIN),
        ({"iss": ISSUER, "sub": "stra\u00dfe"}, Role.RESEARCHER),
        ({"iss": ISSUER, "sub": "strasse"}, None),  # what casefold takes for the same
        ({"iss": ISSUER, "sub": "ADA-1815"}, None),
        ({**ADA, "iss": "https://login.example.org/"}, None),
        ({**ADA, "iss": "https://evil.example.org"}, None),
        ({**ADA, "sub": "eve"}, None),  # her address, and somebody else
        ({"email": "ada@example.org", "email_verified": True}, None),
        ({"email": "ada@example.org", "email_verified": "false"}, None),
        ({"email": "ada@example.org"}, None),
        ({"sub": "ada-1815"}, None),
        ({"iss": ISSUER}, None),
        ({"iss": [ISSUER], "sub": ["ada-1815"]}, None),
        ({"iss": "", "sub": ""}, None),
        ({"iss": ISSUER, "sub": "vic"}, Role.VIEWER),
        ({"iss": ISSUER, "sub": "ben"}, None),
        ({}, None),
    ],
)
def test_members_are_those_whose_issuer_and_subject_have_an_account(
    provider: Users, monkeypatch: pytest.MonkeyPatch, visitor: dict[str, Any], expected: Role | None
) -> None:
    monkeypatch.setattr(st, "user", Visitor(visitor))
    assert actor().role == expected
    assert (actor() == NOBODY) is (expected is None)


def test_who_was_signed_out_everywhere_signs_in_again(provider: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = provider.named("Ada")
    now = datetime.now(UTC).timestamp()
    monkeypatch.setattr(st, "user", Visitor(ADA, iat=now - 60))
    assert actor().role == Role.ADMIN
    provider.end_sessions(ada.id)
    assert actor() == NOBODY
    for forged in (None, True, "9999999999", math.nan, math.inf, -1e300, -(2**70)):
        monkeypatch.setattr(st, "user", Visitor(ADA, iat=forged))
        assert actor() == NOBODY
    monkeypatch.setattr(st, "user", Visitor(ADA, iat=now + 60))
    assert actor() == ada.actor(Mode.PROVIDER)


def test_a_server_for_raters_has_no_members(provider: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", Visitor(ADA))
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    assert actor() == NOBODY


def test_without_a_team_whoever_is_at_the_machine_is_the_admin(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert actor() == SINGLE_USER
    monkeypatch.setenv("BCOS_TEAM", "1")
    assert actor() == NOBODY


OPENERS = {
    "bcos_core.storage.upgrade.open_database",
    "bcos_core.storage.database.open_engine",
    "bcos_core.access.actor.machine",
}


def test_pages_open_the_database_by_one_door() -> None:
    """Which gives it in somebody's name: what is opened elsewhere acts for the machine, which may do everything."""
    opened = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "pages").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.ImportFrom) and {f"{node.module}.{a.name}" for a in node.names} & OPENERS)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("JobStore.open", "Database"))
    }
    # The other one is the server’s own, which fetches what hosts share, for nobody in particular.
    assert opened == {"pages/server/database.py", "pages/server/watch.py"}


def test_a_viewer_sees_and_does_nothing(
    provider: Users, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a page offers is a courtesy; where it is done it is refused, in words, and in the log."""
    monkeypatch.setattr(st, "user", Visitor(iss=ISSUER, sub="vic"))
    job, _ = JobStore.open(home).submit("train", "Somebody's", {}, "key")
    at = open_page("jobs", job=job.id)
    assert "Somebody" in words(at)
    cancel = next(one for one in at.button if one.label == "Cancel")
    assert cancel.disabled and "researcher or admin" in cancel.help
    cancel.proto.disabled = False  # as in a message that a browser would not send
    cancel.click().run()
    assert JobStore.open(home).get(job.id).active
    (refused,) = entries(open_database(home), outcome=Outcome.REFUSED)
    assert (refused.name, refused.action, refused.subject) == ("Vic", "cancel a job", job.id)
    assert "may not cancel a job" in refused.detail


def test_people_is_for_admins(
    provider: Users, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", Visitor(ADA))
    at = open_page("people")
    assert not at.exception and "Vic" in words(at) and "Disabled" in words(at)
    assert "all that fit. Scroll in the table" in words(at)
    monkeypatch.setattr(record, "ROWS", 1)
    assert "The newest 1 row that fit. Scroll in the table; the file has every one." in words(open_page("people"))
    monkeypatch.setattr(st, "user", Visitor(iss=ISSUER, sub="stra\u00dfe"))
    at.run()
    assert "Vic" not in words(at)


def test_secrets_that_cannot_be_read_open_no_dashboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets.toml").write_text("[auth\n")
    monkeypatch.setattr(st, "get_option", lambda name: [str(tmp_path / "secrets.toml")])
    monkeypatch.setattr(st, "secrets", Secrets())
    with pytest.raises(FileNotFoundError):
        actor()


@pytest.mark.parametrize("name", PAGES)
def test_strangers_see_no_page(
    provider: Users, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, name: str
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
    assert [button.label for button in at.button] == ["Sign in to the dashboard"]


def test_a_researcher_sees_the_dashboard(
    provider: Users, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world(home)
    monkeypatch.setattr(st, "user", Visitor(ADA))
    assert world.locked.design.title in words(open_page("studies"))


def test_whoever_is_logged_in_and_not_listed_is_shown_what_to_list(
    provider: Users, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(st, "user", Visitor(ADA, sub="eve"))
    at = open_page("home")
    assert [code.value for code in at.code] == [f"{ISSUER} eve"]
    assert [button.label for button in at.button] == ["Sign out"]


@pytest.mark.parametrize("name", PAGES)
def test_every_page_asks_by_itself(provider: Users, home: Home, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
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
    assert "is_member = may(here, Action.BROWSE)" in navigation.read_text()
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


def test_a_fragment_draws_nothing_once_the_role_is_gone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_part_of_a_page_whose_session_has_ended_says_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands in a form that a member has before them: no heading of its own, and not the words for raters."""

    def script() -> None:
        import streamlit as st

        from pages.server.roles import note_member
        from pages.widgets.frame import fragment

        note_member()
        fragment(run_every=None)(lambda: st.markdown("the jobs"))()

    at = AppTest.from_function(script).run()
    assert words(at) == "the jobs"
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    at.run()
    (said,) = at.get("html")
    assert words(at) == "" and said.proto.body.startswith("You are not signed in any more")


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
    monkeypatch.setattr(VISITS, "recognise", lambda guest, account="": setattr(visit, "guest", guest))
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
