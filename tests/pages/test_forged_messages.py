"""What a component's script never sends is not heard, and nothing breaks of it."""

from __future__ import annotations

import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from pages.compare import one_model
from pages.evaluate import matrix as matrix_module
from pages.widgets import heatmap as heatmap_module
from pages.widgets.heard import Count, Word, as_sent, heard
from pages.widgets.rating_item import MOST_AT_ONCE, Answer, heard_answers

CLICK = {"at": 1.0, "start": 0, "end": 3, "drawn": "x"}
ANSWER = {"slot": "a", "question": "clear", "value": 3, "key": "k"}
FORGED: list[Any] = [
    None,
    "text",
    3,
    [],
    {},
    {"clicks": None},
    {"clicks": {}},
    {"clicks": [3]},
    {"clicks": [{}]},
    {"clicks": [{**CLICK, "at": "now"}]},
    {"clicks": [{**CLICK, "start": -1}]},
    {"clicks": [{**CLICK, "end": 10**30}]},
    {"clicks": [{**CLICK, "start": 1.5}]},
    {"clicks": [{**CLICK, "drawn": "\ud800"}]},
    {"clicks": [CLICK] * 1_000},
]


def nested() -> Any:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize("strike", FORGED, ids=range(len(FORGED)))
def test_clicks_on_a_heatmap(strike: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {"panel": {"strike": strike, "open": strike}}
    called: list[Any] = []
    monkeypatch.setattr(heatmap_module, "st", SimpleNamespace(session_state=state))
    monkeypatch.setattr(heatmap_module, "_component", lambda **given: called.append(given))
    heatmap_module.heatmap(
        {"runs": []},
        key="panel",
        on_strike=lambda words: pytest.fail("heard"),
        on_fold=lambda is_open: pytest.fail("heard"),
    )
    called[0]["on_strike_change"]()
    called[0]["on_open_change"]()


@pytest.mark.parametrize("choice", [None, 3, "a", {}, {"checkpoint": 1, "method": "a", "score": "b"}], ids=range(5))
def test_a_choice_in_the_matrix(choice: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Any] = []
    monkeypatch.setattr(matrix_module, "st", SimpleNamespace(session_state={"m": {"choice": choice}}))
    monkeypatch.setattr(matrix_module, "_component", lambda **given: called.append(given))
    matrix_module.matrix({}, key="m", on_choice=lambda *names: pytest.fail("heard"))
    called[0]["on_choice_change"]()


@pytest.mark.parametrize("shown", [None, "1", -1, 1.5, True, 10**5000, [0]], ids=range(7))
def test_the_model_on_a_narrow_screen(shown: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimpleNamespace(session_state={"one-model": {"shown": shown}})
    monkeypatch.setattr(one_model, "st", state, raising=False)
    monkeypatch.setattr(one_model.url, "write", lambda **changes: pytest.fail("heard"))
    one_model._chosen()


def test_answers_of_raters() -> None:
    forged = [None, 3, [], {}, {**ANSWER, "key": 3}, {**ANSWER, "slot": "\0"}, {**ANSWER, "value": []}, nested()]
    heard_ones = heard_answers([ANSWER, *forged, {**ANSWER, "value": True}])
    assert heard_ones == [Answer("a", "clear", 3, "k"), Answer("a", "clear", True, "k")]
    assert heard_answers({"given": [ANSWER]}) == [] == heard_answers(None)
    assert MOST_AT_ONCE < 100  # how many are heard at once is bounded where they are taken


def test_what_is_refused_is_noted_without_what_it_says(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert heard({"a": 3}, "a", Count) == 3 and heard({}, "a", Count) is None and heard(None, "a", Word) is None
    assert not caplog.records
    assert as_sent("my own answer" * 1_000, Word) is None
    (record,) = caplog.records
    assert "never sends" in record.getMessage() and "my own answer" not in record.getMessage()


def test_what_scripts_send_is_heard() -> None:
    """As `assets/heatmap.js` sends it, over JSON."""
    sent = json.loads(json.dumps({"strike": {"clicks": [{**CLICK, "at": 1234.5}]}}))
    found = heard(sent, "strike", heatmap_module._Strike)
    assert found is not None and (found.clicks[0].start, found.clicks[0].end) == (0, 3)
