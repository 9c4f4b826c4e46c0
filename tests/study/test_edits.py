"""Edited words against hand counts, and outcomes against the model's own predictions."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tiny_pair import save_pair

from bcos_core.attribution.api import explain
from bcos_core.errors import AnswerError, StudyError, TextError
from bcos_core.home import Home
from bcos_core.model.classifier import load, predict
from bcos_core.study.edits import edited_words, require_locked_model, try_edit


@pytest.mark.parametrize(
    ("before", "after", "edits"),
    [
        ("a good film", "a good film", 0),
        ("a good film", "a bad film", 1),
        ("a good film", "good film", 1),
        ("a good film", "not a good film", 1),
        ("a good film", "film good a", 2),
        ("a good film", "", 3),
        ("a  good\nfilm", "a good film", 0),
        ("one two three four", "two three four five", 2),
    ],
)
def test_edited_words(before: str, after: str, edits: int) -> None:
    assert edited_words(before, after) == edited_words(after, before) == edits


def naive(first: list[str], second: list[str]) -> int:
    """The definition, word for word."""
    if not first or not second:
        return len(first) + len(second)
    replaced = naive(first[1:], second[1:]) + (first[0] != second[0])
    return min(replaced, naive(first[1:], second) + 1, naive(first, second[1:]) + 1)


def test_edited_words_against_the_definition() -> None:
    chance = random.Random(0)
    for _ in range(200):
        first, second = ([chance.choice("abc") for _ in range(chance.randint(0, 5))] for _ in range(2))
        assert edited_words(" ".join(first), " ".join(second)) == naive(first, second)


def test_an_edit_is_judged_by_the_model(home: Home) -> None:
    classifier = load(save_pair(home.create())[0])
    text = "the film is good and the plot is thin"
    record = explain(classifier, text, method="bcos")
    edited = "the film is awful and the plot is thin"
    before, after = predict(classifier, [text, edited])
    outcome = try_edit(record, edited, classifier)
    assert outcome.label == after.label
    assert outcome.flipped == (before.label != after.label)
    assert outcome.edits == 1
    assert outcome.change == pytest.approx(
        before.probabilities[before.index] - after.probabilities[before.index], abs=1e-5
    )
    assert not try_edit(record, text, classifier).flipped


def test_another_model_and_an_empty_text_are_refused(home: Home) -> None:
    bcos, conventional = save_pair(home.create())
    classifier = load(bcos)
    record = explain(classifier, "the film is good", method="bcos")
    require_locked_model(classifier, record)
    with pytest.raises(StudyError, match="changed since this study was locked"):
        require_locked_model(load(conventional), record)
    other_answer = replace(record, logits=tuple(2 * logit for logit in record.logits))  # of the same weights
    with pytest.raises(StudyError, match="changed since this study was locked"):
        require_locked_model(classifier, other_answer)
    with pytest.raises(AnswerError, match="at most 232 characters"):  # 2 × 16 + 200
        try_edit(record, "x " * 3_000_000, classifier)
    for nothing in ("  ", "\u200b"):
        with pytest.raises(TextError, match="Nothing is left of the text"):
            try_edit(record, nothing, classifier)
