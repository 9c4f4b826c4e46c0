"""Kinds of words by closed lists, and how often words were met in training."""

from __future__ import annotations

import pytest

from bcos_core.text.word_kinds import FUNCTION_WORDS, NEGATIONS, word_kind
from bcos_core.text.word_rates import COUNTED_TEXTS, WordRates, word_rates


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("The", "function"),
        ("they'll", "function"),
        ("IT’S", "function"),
        ("not", "negation"),
        ("isn’t", "negation"),
        ("n't", "negation"),
        ("Nobody", "negation"),
        ("film's", "content"),
        ("1994", "content"),
        ("schlecht", "content"),
        (",", "mark"),
        ("🙂", "mark"),
    ],
)
def test_kinds(word: str, kind: str) -> None:
    assert word_kind(word) == kind


def test_no_word_is_on_both_lists() -> None:
    assert not FUNCTION_WORDS & NEGATIONS
    assert all(word == word.lower() for word in FUNCTION_WORDS | NEGATIONS)


def test_rates_are_of_running_words_with_a_letter() -> None:
    found = word_rates(["A film, a plot!", "Film 42"])
    assert (found.running, found.texts) == (5, 2)
    assert found.of("a") == found.of("FILM") == 2 / 5 and found.of("plot") == 1 / 5
    assert found.of("42") == found.of(",") == found.of("never") == 0
    assert word_rates([]).of("a") == 0


def test_no_more_texts_are_counted_than_are_needed() -> None:
    found = word_rates(["a"] * (COUNTED_TEXTS + 5))
    assert isinstance(found, WordRates) and found.texts == found.running == COUNTED_TEXTS
