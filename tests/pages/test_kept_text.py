"""Texts that are too long for an address: files that count for whoever typed them, or kept for the visit alone."""

from __future__ import annotations

import pytest

from bcos_core.accounts.users import Users
from bcos_core.home import Home
from bcos_core.jobs import quotas
from bcos_core.jobs.store import JobStore
from pages.widgets import kept_text
from tests.pages.conftest import OpenPage, Team, words
from tests.pages.test_edited_copy import save_pair

LONG = "a film that goes on " * 150  # 3,000 characters, a byte each
ALONE = "it is kept for this visit alone"


@pytest.fixture(autouse=True)
def a_model(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    save_pair(home)
    monkeypatch.setattr(quotas, "_counted", {})


def files(home: Home) -> list[str]:
    return [path.read_text() for path in home.texts.glob("*")] if home.texts.exists() else []


def test_a_viewer_s_text_is_explained_and_nothing_is_stored(open_page: OpenPage, home: Home, team: Team) -> None:
    team("Vic")
    at = open_page("compare", model="tiny-bcos", method="bcos")
    for number in range(kept_text._MOST_HELD + 2):
        at.text_area[0].set_value(f"{LONG}{number}").run()
        assert at.text_area[0].value == f"{LONG}{number}" and not at.exception
        assert ALONE in words(at) and "A viewer stores nothing on the server" in words(at)
    assert files(home) == [] and len(at.session_state[kept_text._HELD]) == kept_text._MOST_HELD
    elsewhere = open_page("compare", kept=at.query_params["kept"])
    assert "names a long text that is not kept here" in elsewhere.warning[0].value


def test_a_researcher_s_text_is_a_file_that_counts(
    open_page: OpenPage, home: Home, store: JobStore, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team("Ann")
    at = open_page("compare", model="tiny-bcos", method="bcos")
    at.text_area[0].set_value(LONG).run()
    assert files(home) == [LONG] and ALONE not in words(at)
    team("Bob")
    assert open_page("compare", kept=at.query_params["kept"]).text_area[0].value == LONG
    people = {user.name: user.id for user in Users(store.database).list()}
    used = {name: quotas.disk_of(home, store.database, people[name]) for name in ("Ann", "Bob")}
    assert used == {"Ann": len(LONG), "Bob": 0}


@pytest.mark.parametrize("page, field", [("compare", 0), ("generate", 0)])
def test_without_room_it_is_said_with_the_figures(
    open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch, page: str, field: int
) -> None:
    monkeypatch.setenv(quotas.PERSON_DISK, "0.000002")  # 2 kB
    monkeypatch.setattr("pages.generate.continuation.is_to_write", lambda known: False)
    at = open_page(page)
    at.text_area[field].set_value(LONG).run()
    assert not at.exception and at.text_area[field].value == LONG and files(home) == []
    assert ALONE in words(at) and "of 2 kB (BCOS_QUOTA_PERSON_GB). This file has 3 kB" in words(at)


def test_what_is_no_text_for_any_model_is_refused(
    open_page: OpenPage, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_text, "MAX_CELL_CHARACTERS", len(LONG))
    at = open_page("compare", model="tiny-bcos", method="bcos")
    at.text_area[0].set_value(LONG).run()
    assert files(home) == [LONG] and not at.warning
    at.text_area[0].set_value(LONG + "!").run()
    assert "more than 3,000 characters, the most that are read of one" in at.warning[0].value
    assert files(home) == [LONG] and at.text_area[0].value == "" and kept_text._HELD not in at.session_state
