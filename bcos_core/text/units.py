"""Which tokens make up a piece of a text: the one rule by which a token belongs to a word.

A token stands for the characters that it covers, without the white space at their ends. Tokens that share a character
(the bytes of an emoji) go together, and white space alone goes with the token after it, at the end with the one before:
tokenizers differ in whether they write it into a token, beside one, or not at all. Words that one token reaches over
(a typed "[SEP]", two flags that are unknown to the tokenizer) are one piece: the model had no part of it alone. No unit
has a part in both texts of a pair.

So every token of the text is in one token unit, every token unit in one word unit and in one sentence unit. What is
drawn, struck out, removed in one piece or compared with people's words is always one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bcos_core.text.pair import halves
from bcos_core.text.sentences import sentence_spans
from bcos_core.text.token import Token
from bcos_core.text.words import Span, word_spans

UNITS = ("token", "word")
"""What a method may remove in one piece."""


@dataclass(frozen=True)
class Unit:
    """The characters from `start` to `end` of a text, and the `positions` of the tokens that stand for them, in order:
    none where the model read nothing of them."""

    start: int
    end: int
    positions: tuple[int, ...] = ()


def token_units(text: str, tokens: Sequence[Token]) -> tuple[Unit, ...]:
    """The smallest units, in the order of the text, without overlap: each has at least one token. Tokens that the
    tokenizer added are in none."""
    return tuple(unit for first, last in halves(text) for unit in _token_units(text, tokens, first, last))


def _token_units(text: str, tokens: Sequence[Token], first: int, last: int) -> list[Unit]:
    """Those of the tokens that stand between two characters of the text."""
    units: list[Unit] = []
    blank: list[int] = []
    for position, token in enumerate(tokens):
        if token.start is None or token.end is None or not first <= token.start <= token.end <= last:
            continue
        start, end = _without_white_space(text, token.start, token.end)
        if start == end:
            blank.append(position)
        else:
            units.append(Unit(start, end, (*blank, position)))
            blank = []
    if blank and units:
        before = units.pop()
        units.append(Unit(before.start, before.end, (*before.positions, *blank)))
    elif blank:  # the model read no further than the white space before the first word
        ends = [tokens[position].end or 0 for position in blank]
        starts = [tokens[position].start or 0 for position in blank]
        end = max(first + 1, *ends)
        units.append(Unit(min(end - 1, *starts), end, tuple(blank)))
    return list(_joined(units))


def word_units(text: str, tokens: Sequence[Token]) -> tuple[Unit, ...]:
    """The words of the text (see `word_spans`) with their tokens, those joined that a token reaches over."""
    return _joined([*_bare(word_spans(text)), *token_units(text, tokens)])


def sentence_units(text: str, tokens: Sequence[Token], unread: Sequence[Span] = ()) -> tuple[Unit, ...]:
    """The sentences of the text with their tokens, those joined that a token reaches over. What is `unread`, at the end
    of a text, is in none."""
    # White space in its place: the characters keep their numbers.
    for start, end in unread:
        text = text[:start] + " " * (end - start) + text[end:]
    return _joined([*_bare(sentence_spans(text)), *token_units(text, tokens)])


def positions_at(units: Iterable[Unit], spans: Sequence[Span]) -> list[int]:
    """The positions of the tokens whose unit has a character in one of the spans, in order."""
    return sorted(
        position
        for unit in units
        if any(unit.start < end and start < unit.end for start, end in spans)
        for position in unit.positions
    )


def joined_spans(spans: Iterable[Span]) -> tuple[Span, ...]:
    """In order, those that share a character made one."""
    return tuple((unit.start, unit.end) for unit in _joined(_bare(spans)))


def _bare(spans: Iterable[Span]) -> list[Unit]:
    return [Unit(start, end) for start, end in spans]


def _joined(units: list[Unit]) -> tuple[Unit, ...]:
    """In order, those that share a character made one."""
    found: list[Unit] = []
    for unit in sorted(units, key=lambda unit: (unit.start, unit.end)):
        if found and unit.start < found[-1].end:
            last = found.pop()
            unit = Unit(last.start, max(last.end, unit.end), tuple(sorted((*last.positions, *unit.positions))))
        found.append(unit)
    return tuple(found)


def _without_white_space(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end
