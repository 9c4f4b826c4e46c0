"""Edited copies of a text, and where its words are then."""

from __future__ import annotations

import pytest

from bcos_core.text.pair import pair, texts_of
from bcos_core.text.words import word_spans
from bcos_core.trust.edits import (
    Edit,
    negated,
    other_case,
    with_antonym,
    with_sentence,
    with_synonyms,
    without_strongest,
)
from bcos_core.trust.word_lists import ANTONYMS, NEUTRAL_SENTENCE, SYNONYMS


def strength(text: str, **known: float) -> dict[tuple[int, int], float]:
    return {(s, e): known.get(text[s:e].lower(), 0.0) for s, e in word_spans(text)}


def shared(text: str, edit: Edit | None) -> list[tuple[str, str]]:
    """The words that are compared, as they are written in both texts."""
    assert edit is not None
    return [(text[a:b], edit.text[c:d]) for (a, b), (c, d) in edit.shared]


def test_case_alone() -> None:
    text = "The Film was GOOD."
    edit = other_case(text)
    assert edit is not None and edit.text == "the film was good."
    assert shared(text, edit)[1] == ("Film", "film") and len(edit.shared) == 5
    assert (plain := other_case("a good film")) is not None and plain.text == "A good film" and len(plain.shared) == 3
    assert other_case("1234 !") is None
    edit = other_case("İstanbul is big")  # one letter more in small letters
    assert edit is not None and shared("İstanbul is big", edit)[-1] == ("big", "big")


def test_synonyms_keep_capitals_articles_and_the_other_words() -> None:
    text = "The Movie is a big story, told FAST"
    edit = with_synonyms(text)
    assert edit is not None and edit.text == "The Film is a large tale, told QUICK"
    assert shared(text, edit) == [(w, w) for w in ("The", "is", "a", ",", "told")]
    assert with_synonyms("a start") is not None and with_synonyms("an answer") is None  # “an reply”
    assert with_synonyms("Das ist gut") is None


def test_a_sentence_is_added_to_the_first_text() -> None:
    assert with_sentence("Good film").text == f"Good film. {NEUTRAL_SENTENCE}"
    assert with_sentence("Good film! ").text == f"Good film! {NEUTRAL_SENTENCE}"
    text = pair("Good film.", "A film.")
    edit = with_sentence(text)
    assert texts_of(edit.text) == (f"Good film. {NEUTRAL_SENTENCE}", "A film.")
    assert [a for a, b in shared(text, edit) if a != b] == [] and len(edit.shared) == 6


def test_the_strongest_word_is_masked_or_left_out() -> None:
    text = "a truly good film"
    strong = strength(text, good=0.5, film=0.2)
    edit = without_strongest(text, strong, "[MASK]")
    assert edit is not None and edit.text == "a truly [MASK] film"
    assert ("good", "[MASK]") in shared(text, edit) and ("film", "film") in shared(text, edit)
    gone = without_strongest(text, strong, None)
    assert gone is not None and gone.text == "a truly  film" and len(gone.shared) == 3
    assert without_strongest("good", strength("good", good=1.0), None) is None  # nothing would be left
    assert without_strongest(text, {}, "[MASK]") is None


def test_the_strongest_word_of_the_list_becomes_its_opposite() -> None:
    text = "a good but boring film"
    edit = with_antonym(text, strength(text, good=0.1, boring=0.4))
    assert edit is not None and edit.text == "a good but interesting film"
    assert ("boring", "interesting") in shared(text, edit)
    assert with_antonym("the plot", strength("the plot")) is None


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("The film is good", "The film is not good"),
        ("A good film", "A not good film"),
        ("It isn't good", None),
        ("never good", None),
        ("The plot", None),
    ],
)
def test_negation(text: str, after: str | None) -> None:
    edit = negated(text, strength(text, good=1.0))
    assert (edit and edit.text) == after
    if edit:
        assert all(a == b for a, b in shared(text, edit)) and len(edit.shared) == len(word_spans(text))


def test_the_lists_are_of_single_words_that_differ() -> None:
    for known in (SYNONYMS, ANTONYMS):
        for one, other in known.items():
            assert one != other and one.islower() and other.islower()
            assert len(word_spans(one)) == len(word_spans(other)) == 1
    assert not set(SYNONYMS) & {word for word, other in SYNONYMS.items() if ANTONYMS.get(word) == other}
