"""Downloads of a team that are made when somebody asks for them: outside of any run, where Streamlit knows no cookie
and no login."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from tiny_pair import save_pair

from bcos_core.access.actor import NOBODY, Role
from bcos_core.accounts.users import Users
from bcos_core.cli.main import main
from bcos_core.errors import NotAllowedError
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.studies import Studies
from pages.server import roles
from tests.pages.conftest import OpenPage, Team
from tests.pages.test_models_page import TASK
from tests.study.world import make_world

Made = Callable[[str], bytes]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """What the button with a label that begins so gives, asked for as Streamlit asks."""
    offered: dict[str, Any] = {}

    def keep(label: str, data: Any, *_: Any, **__: Any) -> bool:
        offered[label] = data
        return False

    monkeypatch.setattr(st, "download_button", keep)

    def make(label: str) -> bytes:
        with monkeypatch.context() as outside:
            outside.setattr(roles, "session_token", lambda: "")
            (data,) = (data for name, data in offered.items() if name.startswith(label))
            answer: bytes = data()
            return answer

    return make


def demote(home: Home, name: str, role: Role) -> None:
    users = Users(open_database(home))
    users.set_role(users.named(name).id, role)


def test_the_answers_of_a_study(home: Home, team: Team, open_page: OpenPage, made: Made) -> None:
    world = make_world(home)
    Studies(open_database(home)).close(world.study.id)
    demote(home, "Bob", Role.ADMIN)
    team("Bob")
    assert not open_page("studies", study=world.study.id).exception
    with zipfile.ZipFile(io.BytesIO(made("Download everything"))) as archive:
        assert archive.namelist()
    demote(home, "Bob", Role.RESEARCHER)  # whose page is still open
    with pytest.raises(NotAllowedError, match="export the answers"):
        made("Download everything")


def test_the_log(home: Home, team: Team, open_page: OpenPage, made: Made) -> None:
    demote(home, "Bob", Role.ADMIN)
    team("Bob")
    assert not open_page("people").exception
    assert b"sign in" in made("Download as CSV")
    demote(home, "Bob", Role.RESEARCHER)
    with pytest.raises(NotAllowedError, match="see the log"):
        made("Download as CSV")


def test_the_report_on_a_models_words(home: Home, team: Team, open_page: OpenPage, made: Made) -> None:
    save_pair(home, task=TASK)
    assert main(["words", "tiny-bcos", "--json"]) == 0
    team("Vic")
    assert not open_page("models", **{"words-of": "negative"}).exception
    assert b"<html" in made("Report with every edited word (HTML)")
    users = Users(open_database(home))
    users.end_sessions(users.named("Vic").id)
    with pytest.raises(NotAllowedError, match="sign in first"):
        made("Report with every edited word (HTML)")


def test_whoever_is_logged_in_at_a_provider(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    class Visitor(dict[str, Any]):
        is_logged_in = True

    monkeypatch.setattr(roles, "identity_provider", lambda: True)
    users = Users(open_database(home))
    users.add("Root", Role.ADMIN, issuer="https://login.example.org", subject="root")
    ada = users.add("Ada", Role.RESEARCHER, issuer="https://login.example.org", subject="ada")
    monkeypatch.setattr(st, "user", Visitor(iss="https://login.example.org", sub="ada", iat=1.0))
    later = roles.later_database()
    nobody = Visitor()
    nobody.is_logged_in = False
    monkeypatch.setattr(st, "user", nobody)
    assert roles.database().actor == NOBODY
    assert later().actor.id == ada.id and later().actor.role == Role.RESEARCHER
    users.set_role(ada.id, Role.VIEWER)
    assert later().actor.role == Role.VIEWER
    users.end_sessions(ada.id)
    assert later().actor == NOBODY
