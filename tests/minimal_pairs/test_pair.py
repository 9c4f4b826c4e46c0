"""What a minimal pair must be, where two texts part, and which tokens tell its words apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bcos_core.errors import DataError
from bcos_core.minimal_pairs.critical import CriticalTokens, critical_tokens, differs_at_once, usable_pairs
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.split import places_of, split_texts

PAIR = MinimalPair("The keys to the old cabinet", " are", " is", (4, 8), "agreement")


def test_a_pair_knows_its_evidence_and_its_texts() -> None:
    assert PAIR.evidence_word == "keys"
    assert PAIR.texts == ("The keys to the old cabinet are", "The keys to the old cabinet is")


@pytest.mark.parametrize(
    ("prefix", "good", "bad", "evidence", "said"),
    [
        (" ", " are", " is", None, "nothing to read as its prefix"),
        ("The keys", "", " is", None, "nothing to read as its good"),
        ("The keys", " are", "\u200b", None, "nothing to read as its bad"),
        ("The keys", " are", " are", None, "begin with 'are'"),
        ("The keys", " are old", " are new", None, "begin with 'are'"),
        ("The keys ", "are", "is", None, "ends with white space"),
        ("The keys", " are", " is", (4, 9), "4 to 9 of a prefix that has 8"),
        ("The keys", " are", " is", (4, 4), "expected a span"),
        ("The keys", " are", " is", (-1, 3), "expected a span"),
        ("The keys", " are", " is", (3, 8), "begins or ends with white space"),
    ],
)
def test_what_is_no_minimal_pair_is_refused(
    prefix: str, good: str, bad: str, evidence: tuple[int, int] | None, said: str
) -> None:
    with pytest.raises(DataError, match=said):
        MinimalPair(prefix, good, bad, evidence, "any")


@pytest.mark.parametrize(
    ("good", "bad", "split"),
    [
        ("The keys are old.", "The keys is old.", ("The keys", " are", " is")),
        ("Karla hurt herself.", "Karla hurt himself.", ("Karla hurt", " herself", " himself")),
        # Several words that begin alike: the shared ones belong to the prefix.
        ("He saw that grocery store", "He saw that grocery stores", ("He saw that grocery", " store", " stores")),
        ("He left now.", "He left.", ("He left", " now", ".")),
        ("Ann  went", "Ann  goes", ("Ann", "  went", "  goes")),
        ("他喜歡貓", "他喜歡狗", ("他喜歡", "貓", "狗")),
    ],
)
def test_texts_part_at_the_first_word_that_differs(good: str, bad: str, split: tuple[str, str, str]) -> None:
    assert split_texts(good, bad) == split


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("Ann went", "Bob went", "no first word in common"),
        ("", "Bob", "no first word in common"),
        ("Ann went", "Ann went", "no word in which they differ"),
        ("Ann went", "Ann went home", "no word in which they differ"),
        ("Ann went", "Ann  went", "no word in which they differ"),
    ],
)
def test_texts_that_do_not_part_are_refused(good: str, bad: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        split_texts(good, bad)


def test_a_word_is_found_as_a_whole() -> None:
    assert places_of("this", "thistle, this, this's athis") == ((9, 13), (15, 19))
    assert places_of("a.b", "a.b axb") == ((0, 3),)
    assert places_of("key", "key-ring, keys, my_key, the key") == ((0, 3), (28, 31))


def test_a_word_of_any_script_is_found_as_a_whole() -> None:
    assert places_of("钥匙", "他们的钥匙在这") == ((3, 5),)  # no spaces: every character is a word
    assert places_of("cafe", "The cafe\u0301, the cafe") == (
        (11 + 4, 11 + 8),
    )  # an accent of its own belongs to its letter
    assert places_of("क", "का क") == ((3, 4),)  # so does a vowel sign
    assert places_of("👍", "👍🏽 and 👍") == ((7, 8),)  # and a skin tone
    assert places_of("הארון", "מפתחות הארון הישן") == ((7, 12),)


def pieces(text: str) -> list[int]:
    """A tokenizer of at most three characters a token, words apart, the space with the word after it."""
    found: list[str] = []
    for number, word in enumerate(text.split(" ")):
        spaced = word if number == 0 else f" {word}"
        found += [spaced[at : at + 3] for at in range(0, len(spaced), 3)]
    return [hash_of(piece) for piece in found]


def hash_of(piece: str) -> int:
    return int.from_bytes(piece.encode(), "big")


def test_words_are_told_apart_at_the_first_token_that_differs() -> None:
    pair = MinimalPair("He saw", " documents", " documentary", None, "any")
    assert critical_tokens(pair, pieces) == CriticalTokens(
        tuple(map(hash_of, ("He", " sa", "w", " do", "cum", "ent"))), hash_of("s"), hash_of("ary"), shared=3
    )
    assert not differs_at_once(pair, pieces)
    assert differs_at_once(PAIR, pieces)


def test_words_that_no_token_tells_apart_are_left_out_with_the_reason() -> None:
    within = MinimalPair("He saw", " tea", " teams", None, "any")  # " te", "a" / " te", "ams"
    same = MinimalPair("He saw", " docile", " docility", None, "any")  # " do", "cil", "e" / "ity"
    whole = MinimalPair("He saw", " do", " doc", None, "any")  # " do" / " do", "c"
    found, left_out = usable_pairs([PAIR, within, same, whole], pieces)
    assert found == [PAIR, within, same] and list(left_out) == [whole]
    assert "no token tells them apart" in left_out[whole]


def test_a_token_that_reaches_into_the_prefix_is_refused() -> None:
    def joined(text: str) -> Sequence[int]:
        return [hash_of(text[at : at + 4]) for at in range(0, len(text), 4)]

    with pytest.raises(DataError, match="reaches back into the prefix"):
        critical_tokens(MinimalPair("He saw", " cats", " dogs", None, "any"), joined)
