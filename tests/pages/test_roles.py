"""Who may see what: researchers the dashboard, raters and strangers their own page alone."""

from __future__ import annotations

from typing import Any

import pytest
import streamlit as st

from bcos_core.home import Home
from pages.shared import roles
from pages.shared.roles import Role, role
from tests.pages.conftest import OpenPage, words
from tests.study.world import make_world

PAGES = ("home", "train", "jobs", "models", "compare", "evaluate", "lab", "studies")


class Visitor(dict[str, Any]):
    """What the identity provider says of whoever is at the browser."""

    @property
    def is_logged_in(self) -> bool:
        return bool(self)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "identity_provider", lambda: True)
    monkeypatch.setenv("BCOS_RESEARCHERS", "ada@example.org, Grace@example.org ,")


@pytest.mark.parametrize(
    ("visitor", "expected"),
    [
        ({}, Role.RATER),
        ({"email": "ada@example.org"}, Role.RESEARCHER),
        ({"email": "grace@EXAMPLE.org", "email_verified": True}, Role.RESEARCHER),
        ({"email": "ada@example.org", "email_verified": False}, Role.RATER),
        ({"email": "eve@example.org"}, Role.RATER),
        ({"email": ""}, Role.RATER),
        ({"name": "somebody without an address"}, Role.RATER),
    ],
)
def test_researchers_are_those_who_are_listed_and_verified(
    provider: None, monkeypatch: pytest.MonkeyPatch, visitor: dict[str, Any], expected: Role
) -> None:
    monkeypatch.setattr(st, "user", Visitor(visitor))
    assert role() == expected


def test_a_server_for_raters_has_no_researchers(provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(st, "user", Visitor(email="ada@example.org"))
    monkeypatch.setenv("BCOS_RATERS_ONLY", "1")
    assert role() == Role.RATER


def test_an_empty_list_of_researchers_lets_nobody_in(provider: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_RESEARCHERS", "")
    for visitor in ({"email": "ada@example.org"}, {"email": ""}, {"name": "nobody"}):
        monkeypatch.setattr(st, "user", Visitor(visitor))
        assert role() == Role.RATER


@pytest.mark.parametrize("name", PAGES)
def test_strangers_see_no_page(
    provider: None, home: Home, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    world = make_world(home)
    monkeypatch.setattr(st, "user", Visitor(email="ada@example.org"))
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
    monkeypatch.setattr(st, "user", Visitor(email="ada@example.org"))
    assert world.locked.design.title in words(open_page("studies"))
