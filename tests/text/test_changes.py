"""What was changed in a text, by hand."""

from __future__ import annotations

import pytest

from bcos_core.render.changed import answer_in_words, changes_in_words
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.changes import Change, changes
from bcos_core.text.pair import pair


def test_words_are_replaced_added_and_left_out() -> None:
    found = changes("A dull and very slow film.", "A fine and slow film indeed.")
    assert found == [Change("dull", "fine"), Change("very", ""), Change("", "indeed")]
    assert changes_in_words(found) == "“dull” became “fine”; “very” went; “indeed” came."


def test_each_text_of_a_pair_is_compared_with_its_own() -> None:
    found = changes(pair("Two dogs ran.", "Animals ran."), pair("Two cats ran.", "Animals sat."))
    assert found == [Change("dogs", "cats"), Change("ran", "sat")]
    with pytest.raises(ValueError):
        changes(pair("One", "two"), "One")


def test_many_changes_are_not_all_named() -> None:
    said = changes_in_words([Change(f"a{n}", f"b{n}") for n in range(6)])
    assert said.endswith("“a3” became “b3”; and 2 more changes.") and "a4" not in said
    assert changes_in_words(changes("Same.", "Same.")) == "Nothing is changed yet."


@pytest.mark.parametrize(
    ("kind", "labels", "before", "after", "said"),
    [
        ("single-label", ("no", "yes"), (0.0, 2.0), (2.0, 0.0), "The answer changes from yes (0.88) to no (0.88)."),
        ("single-label", ("no", "yes"), (0.0, 2.0), (0.0, 0.0001), "The answer stays yes: probability 0.88 → 0.50."),
        ("multi-label", ("kind", "long"), (1.0, 1.0), (1.0, -1.0), "The answer changes from kind, long to kind."),
        ("multi-label", ("kind", "long"), (1.0, -1.0), (2.0, -1.0), "The answer stays kind."),
        ("regression", ("stars",), (2.5,), (4.0,), "stars goes from 2.50 to 4.00 (+1.50)."),
    ],
)
def test_an_answer_before_and_after(
    kind: str, labels: tuple[str, ...], before: tuple[float, ...], after: tuple[float, ...], said: str
) -> None:
    task = TASK_TYPES[kind]
    first, second = task.prediction(before, labels), task.prediction(after, labels)
    assert answer_in_words(task, first, second, labels[0]) == said
