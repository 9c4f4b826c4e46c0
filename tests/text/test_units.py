"""Which tokens a word has, by hand; and what holds for all texts is in tests/attribution/test_any_text.py."""

from __future__ import annotations

import pytest

from bcos_core.text.token import Token
from bcos_core.text.units import Unit, positions_at, sentence_units, token_units, word_units


def tokens(*spans: tuple[int, int] | None) -> list[Token]:
    return [Token("t", None, None) if span is None else Token("t", *span) for span in (None, *spans, None)]


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        # Byte-level BPE writes the space before an emoji as a token, with or without the space in its offsets.
        ("good 😀", tokens((0, 4), (5, 5), (5, 6), (5, 6)), [(0, 4, (1,)), (5, 6, (2, 3, 4))]),
        ("good 😀", tokens((0, 4), (4, 5), (5, 6), (5, 6)), [(0, 4, (1,)), (5, 6, (2, 3, 4))]),
        ("good 😀", tokens((0, 4), (4, 6)), [(0, 4, (1,)), (5, 6, (2,))]),
        ("a\n\n—", tokens((0, 1), (1, 2), (2, 3), (3, 4), (3, 4)), [(0, 1, (1,)), (3, 4, (2, 3, 4, 5))]),
        ("good \n", tokens((0, 4), (4, 5), (5, 6)), [(0, 4, (1, 2, 3))]),
        # SentencePiece puts a mark for a space before the first character.
        ("日", tokens((0, 1), (0, 1)), [(0, 1, (1, 2))]),
        # Two characters that share a token with each of two.
        ("xyz", tokens((0, 2), (1, 3)), [(0, 3, (1, 2))]),
    ],
)  # fmt: skip
def test_white_space_goes_with_what_follows(
    text: str, given: list[Token], expected: list[tuple[int, int, tuple[int, ...]]]
) -> None:
    units = [Unit(*one) for one in expected]
    assert list(token_units(text, given)) == units
    assert list(word_units(text, given)) == units


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        ("x [SEP] y", tokens((0, 1), (2, 7), (8, 9)), ["x", "[SEP]", "y"]),
        ("no</s>way", tokens((0, 2), (2, 6), (6, 9)), ["no", "</s>", "way"]),
        ("a <mask>!", tokens((0, 1), (1, 8), (8, 9)), ["a", "<mask>", "!"]),  # the mask token takes the space before it
        ("🇩🇪🇫🇷 ok", tokens((0, 4), (5, 7)), ["🇩🇪🇫🇷", "ok"]),  # unknown to the tokenizer, as one
        ("🇩🇪🇫🇷", tokens((0, 1), (1, 2), (2, 3), (3, 4)), ["🇩🇪", "🇫🇷"]),
        ("wow!!!", tokens((0, 3), (3, 6)), ["wow", "!!!"]),
        ("it isn't", tokens((0, 2), (3, 6), (6, 7), (7, 8)), ["it", "isn't"]),
    ],
)
def test_a_word_is_no_less_than_a_token(text: str, given: list[Token], words: list[str]) -> None:
    units = word_units(text, given)
    assert [text[unit.start : unit.end] for unit in units] == words
    assert [position for unit in units for position in unit.positions] == list(range(1, len(given) - 1))


def test_a_word_that_was_not_read_has_no_token() -> None:
    assert word_units("good film", tokens((0, 4))) == (Unit(0, 4, (1,)), Unit(5, 9, ()))


def test_only_white_space_was_read() -> None:
    for given in (tokens((0, 1), (1, 2)), tokens((2, 2)), tokens((0, 0))):
        units = token_units("  x", given)
        assert [unit.positions for unit in units] == [tuple(range(1, len(given) - 1))]
        assert 0 <= units[0].start < units[0].end <= 3
        assert sum(len(unit.positions) for unit in word_units("  x", given)) == len(given) - 2


def test_sentences_hold_whole_words() -> None:
    text = "So.\nYes!? No"
    given = tokens((0, 2), (2, 3), (3, 4), (4, 7), (7, 9), (9, 12))
    assert [text[u.start : u.end] for u in sentence_units(text, given)] == ["So.", "Yes!?", "No"]
    assert [unit.positions for unit in sentence_units(text, given)] == [(1, 2), (3, 4, 5), (6,)]
    joined = tokens((0, 2), (2, 7), (7, 9), (9, 12))  # one token reaches over both
    assert [unit.positions for unit in sentence_units(text, joined)] == [(1, 2, 3), (4,)]


def test_tokens_at_a_span() -> None:
    units = token_units("good 😀 x", tokens((0, 4), (5, 5), (5, 6), (5, 6), (6, 8)))
    assert positions_at(units, [(5, 6)]) == [2, 3, 4]
    assert positions_at(units, [(4, 5)]) == []  # white space alone is nobody's
    assert positions_at(units, [(7, 8), (0, 1)]) == [1, 5]
