"""Filters over a test set: each against a plain loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.model.info import CheckpointInfo
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.examples import Examples, TaskData
from pages.widgets import resources
from pages.widgets.test_set import Filter, TestSet

LABELS = ("negative", "positive")
TEXTS = tuple(f"{'A Good' if n % 3 else 'a dull'} film {n}" for n in range(24))
ACTUAL = tuple(n % 2 for n in range(24))


def answers(shift: int) -> list[Prediction | None]:
    """Right about most; nobody has asked about the last four."""
    found: list[Prediction | None] = [
        TASK_TYPES["single-label"].prediction(
            [0.0, (1 if (n + (n % shift == 0)) % 2 else -1) * (0.2 + 0.2 * n)], LABELS
        )
        for n in range(20)
    ]
    return found + [None] * 4


@pytest.fixture
def tests(monkeypatch: pytest.MonkeyPatch) -> TestSet:
    models = tuple(CheckpointInfo(Path(name), name, "bcos", "BERT", LABELS, 32) for name in ("a", "b"))
    monkeypatch.setattr(resources, "test_answers", lambda info, texts: answers(5 if info.name == "a" else 7))
    empty = Examples((), ())
    return TestSet(TaskData("reviews", LABELS, empty, empty, Examples(TEXTS, ACTUAL)), models)


def test_without_a_filter_everything_is_kept(tests: TestSet) -> None:
    assert tests.matching(Filter()) == list(range(24))


def test_each_filter_is_a_plain_condition(tests: TestSet) -> None:
    first, second = answers(5), answers(7)

    def plain(condition: object) -> list[int]:
        return [n for n in range(20) if condition(n, first[n], second[n])]  # type: ignore[operator]

    cases = {
        Filter("right"): lambda n, a, b: a.index == ACTUAL[n],
        Filter("wrong"): lambda n, a, b: a.index != ACTUAL[n],
        Filter("disagree"): lambda n, a, b: a.index != b.index,
        Filter(answer="positive"): lambda n, a, b: a.label == "positive",
        Filter(sure=(0.6, 0.8)): lambda n, a, b: 0.6 <= max(a.probabilities) <= 0.8,
        Filter("wrong", label="negative", search="GOOD"): lambda n, a, b: (
            a.index != ACTUAL[n] and ACTUAL[n] == 0 and "good" in TEXTS[n].lower()
        ),
    }
    for chosen, condition in cases.items():
        kept = tests.matching(chosen)
        assert kept == plain(condition), chosen
        assert 0 < len(kept) < 20, chosen


def test_what_the_models_do_not_decide_looks_at_every_text(tests: TestSet) -> None:
    assert tests.matching(Filter(label="positive")) == [n for n in range(24) if n % 2]
    assert tests.matching(Filter(search="  dull ")) == [n for n in range(24) if n % 3 == 0]
    assert tests.matching(Filter(search="nowhere")) == []
