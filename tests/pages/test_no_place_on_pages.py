"""As many jobs wait or run as may: said beside the button before the press, and again after; what was typed stays."""

from __future__ import annotations

from typing import Any

import pytest

from bcos_core.jobs import quotas
from bcos_core.jobs.store import JobStore
from tests.pages.conftest import OpenPage, Team, button, words

FULL = "1 job of yours waits or runs, and one person may have 1 at once (BCOS_QUOTA_PERSON_JOBS)."


@pytest.fixture(autouse=True)
def one_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(quotas.PERSON_JOBS, "1")


def said(at: Any) -> tuple[int, int]:
    """How often it is said beside the button, and as the answer to a press."""
    return sum(FULL in words_of(one) for one in at.caption), sum(FULL in words_of(one) for one in at.error)


def words_of(element: Any) -> str:
    return str(element.value).replace("\\", "").replace("\N{WORD JOINER}", "")


def test_it_is_said_before_the_press_and_after_and_the_form_stays(
    open_page: OpenPage, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = open_page("train", name="My model", notes="Of mine")
    assert said(at) == (0, 0)
    waiting, _ = store.submit("evaluate", "Another", {}, "another")
    assert said(at.run()) == (1, 0)
    start = button(at, "Start training")
    assert not start.disabled  # by then there may be room
    start.click().run()
    assert said(at) == (1, 1) and len(store.list()) == 1
    assert [field.value for field in at.text_input if field.label == "Name"] == ["My model"]
    assert [field.value for field in at.text_area if field.label == "Notes"] == ["Of mine"]
    store.cancel(waiting.id)
    button(at, "Start training").click().run()
    assert [job.title.partition(" ·")[0] for job in store.list(active=True)] == ["My model"]


@pytest.mark.parametrize("page", ["reproduce", "lab", "ablation"])
def test_other_forms_say_it_too(open_page: OpenPage, store: JobStore, page: str) -> None:
    store.submit("evaluate", "Another", {}, "another")
    assert said(open_page(page)) == (1, 0)


def test_who_may_start_none_is_told_of_no_bound(
    open_page: OpenPage, store: JobStore, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(quotas.SERVER_JOBS, "1")
    store.submit("evaluate", "Another", {}, "another")
    team("Vic")
    assert "BCOS_QUOTA" not in words(open_page("reproduce"))
    team("Ann")
    assert "this server takes 1 at once" in words(open_page("reproduce"))
