"""Clicks on the words of a heatmap, as the browser tells of them: each is heard once, those of another text never."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pages.widgets import heatmap as module
from pages.widgets.struck import Span

RUNS = [{"kind": "gap", "text": "A charming film."}]


@pytest.fixture
def mounted(monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], list[list[Span]], Callable[[], None]]:
    """The session's state, the words that were struck at each message, and what Streamlit calls at one."""
    state: dict[str, Any] = {}
    called: list[Callable[[], None]] = []
    monkeypatch.setattr(module, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(module, "_component", lambda **given: called.append(given["on_strike_change"]))
    struck: list[list[Span]] = []
    module.heatmap({"runs": RUNS}, key="panel", on_strike=lambda words: struck.append(list(words)))
    return state, struck, called[0]


def click(at: float, start: int, end: int, drawn: str | None = None) -> dict[str, Any]:
    return {"at": at, "start": start, "end": end, "drawn": module.fingerprint(RUNS) if drawn is None else drawn}


def test_each_click_is_heard_once_though_every_message_has_the_earlier_ones(mounted: Any) -> None:
    state, struck, tell = mounted
    first, second, third = click(10.5, 0, 1), click(11.5, 2, 10), click(90.0, 11, 15)
    state["panel"] = {"strike": {"clicks": [first]}}
    tell()
    state["panel"] = {"strike": {"clicks": [first, second, third]}}  # two while the server was busy
    tell()
    tell()
    assert struck == [[(0, 1)], [(2, 10), (11, 15)]]


def test_a_click_on_another_text_is_not_heard(mounted: Any) -> None:
    state, struck, tell = mounted
    state["panel"] = {"strike": {"clicks": [click(1.0, 0, 1, "another"), click(2.0, 2, 10)]}}
    tell()
    state["panel"] = {"strike": None}
    tell()
    assert struck == [[(2, 10)]]
