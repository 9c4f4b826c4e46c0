"""Filters over a test set: each against a plain loop."""

from __future__ import annotations

from pathlib import Path

import pytest

from bcos_core.model.info import CheckpointInfo
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.examples import Examples, TaskData
from pages.compare.examples import neighbours
from pages.compare.table import frame_of
from pages.widgets import answers as asked
from pages.widgets.answered_texts import AnsweredTexts, Filter

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
def tests(monkeypatch: pytest.MonkeyPatch) -> AnsweredTexts:
    models = tuple(CheckpointInfo(Path(name), name, "bcos", "BERT", LABELS, 32) for name in ("a", "b"))
    monkeypatch.setattr(asked, "known_answers", lambda info, texts: answers(5 if info.name == "a" else 7))
    empty = Examples((), ())
    return AnsweredTexts(TaskData("reviews", LABELS, empty, empty, Examples(TEXTS, ACTUAL)), models)


def test_without_a_filter_everything_is_kept(tests: AnsweredTexts) -> None:
    assert tests.matching(Filter()) == list(range(24))


def test_each_filter_is_a_plain_condition(tests: AnsweredTexts) -> None:
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


def test_orders_sort_what_is_kept(tests: AnsweredTexts) -> None:
    first = answers(5)
    sure = tests.matching(Filter("wrong", order="unsure"))
    expected = [n for n in range(20) if first[n].index != ACTUAL[n]]  # type: ignore[union-attr]
    assert sorted(sure) == expected
    shares = [max(first[n].probabilities) for n in sure]  # type: ignore[union-attr]
    assert shares == sorted(shares) and len(set(shares)) > 1
    apart = tests.matching(Filter("disagree", order="apart"))
    both = [min(max(one[n].probabilities) for one in (first, answers(7))) for n in apart]  # type: ignore[union-attr]
    assert both == sorted(both, reverse=True) and len(both) > 1


def test_previous_and_next_walk_in_the_order_that_is_shown() -> None:
    assert neighbours([7, 3, 9], 3) == (7, 9)
    assert neighbours([7, 3, 9], 7) == (None, 3)
    assert neighbours([7, 3, 9], 5) == (3, 7)  # not among them: those around it in the data
    assert neighbours([7, 3, 9], None) == (None, 7)  # a text that a person typed
    assert neighbours([], 4) == (None, None)


def test_the_table_says_what_each_model_answers_and_whether_that_is_right(tests: AnsweredTexts) -> None:
    frame = frame_of(tests, [21, 5, 4], current=5)
    assert list(frame["no"]) == [22, 6, 5] and list(frame["shown"]) == ["", "▸", ""]
    assert frame["text"][1] == TEXTS[5] and frame["label"][1] == LABELS[ACTUAL[5]]
    assert frame.isna().loc[0, ["answer 0", "sure 0", "right 0"]].all()  # nobody has asked
    for number, shift in enumerate((5, 7)):
        for row, place in ((1, 5), (2, 4)):
            answer = answers(shift)[place]
            assert answer is not None and frame[f"answer {number}"][row] == answer.label
            assert frame[f"sure {number}"][row] == pytest.approx(max(answer.probabilities))
            assert frame[f"right {number}"][row] == ("right" if answer.index == ACTUAL[place] else "wrong")


def test_what_the_models_do_not_decide_looks_at_every_text(tests: AnsweredTexts) -> None:
    assert tests.matching(Filter(label="positive")) == [n for n in range(24) if n % 2]
    assert tests.matching(Filter(search="  dull ")) == [n for n in range(24) if n % 3 == 0]
    assert tests.matching(Filter(search="nowhere")) == []
