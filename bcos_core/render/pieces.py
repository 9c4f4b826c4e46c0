"""A record cut into what is drawn, in reading order: scored units, the text between, added tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bcos_core.attribution.aggregation import sentence_scores, summed, word_scores
from bcos_core.attribution.record import Attribution
from bcos_core.errors import UnknownNameError
from bcos_core.text.pair import HEADINGS, halves
from bcos_core.text.token_names import readable, seen_text
from bcos_core.text.units import token_units, word_units

Granularity = Literal["word", "token", "sentence"]
GRANULARITIES: tuple[Granularity, ...] = ("word", "token", "sentence")


@dataclass(frozen=True)
class Piece:
    """One stretch of the drawing.

    `kind` is "unit" (a scored word, token or sentence), "gap" (text between units), "added" (a token that the tokenizer
    added, at its place), "cut" (text after the model's limit, which it never saw) or "heading" (over each text of a
    pair; its score is what the text's ordinary tokens have together). `start` and `end` are
    characters in the text; an added token and the first heading have an empty span, the second heading stands in the
    place of the separator. `word` numbers the word that a unit is or belongs to, by sentences the sentence.
    `spread` is the score's standard deviation over seeds, None where there are not several.
    """

    kind: Literal["unit", "gap", "added", "cut", "heading"]
    text: str
    start: int
    end: int
    score: float | None = None
    word: int | None = None
    spread: float | None = None

    @property
    def shown(self) -> str:
        """What is drawn of it: its text, or a sign where that takes no room and a part of the sum could not be seen."""
        return seen_text(self.text)


def pieces(record: Attribution, granularity: Granularity = "word") -> tuple[Piece, ...]:
    """The record's text as pieces whose characters, in order, are all those of the text.

    Raises:
        UnknownNameError: `granularity` is not one of `GRANULARITIES`.
    """
    drawn: list[Piece] = []
    placed = [*_units(record, granularity), *_added(record)]
    for half, (first, last) in enumerate(parts := halves(record.text)):
        if len(parts) > 1:
            drawn.append(_heading(record, half, first))
        position = first
        here = [piece for piece in placed if first <= piece.start <= piece.end <= last]
        # An added token has an empty span, so it sorts behind the unit that ends there, before the one that begins.
        for piece in sorted(here, key=lambda piece: (piece.start, piece.end)):
            if piece.start > position:
                drawn.append(_plain("gap", record, position, piece.start))
            drawn.append(piece)
            position = max(position, piece.end)
        seen = next((max(position, start) for start, end in record.unread if end == last and start >= first), last)
        if seen > position:
            drawn.append(_plain("gap", record, position, seen))
        if seen < last:
            drawn.append(_plain("cut", record, seen, last))
    return tuple(drawn)


def _heading(record: Attribution, half: int, first: int) -> Piece:
    score, spread = summed(record, record.positions_by_half[half])
    return Piece("heading", HEADINGS[half], first - half, first, score, spread=spread)


def runs(drawn: tuple[Piece, ...]) -> tuple[tuple[Piece, ...], ...]:
    """Pieces that must not be parted by a line break together: a word's tokens, a word and its punctuation."""
    grouped: list[tuple[Piece, ...]] = []
    for piece in drawn:
        if grouped and _holds_together(grouped[-1][-1], piece):
            grouped[-1] = (*grouped[-1], piece)
        else:
            grouped.append((piece,))
    return tuple(grouped)


def _holds_together(last: Piece, piece: Piece) -> bool:
    """Touching units, unless both are words by themselves (Chinese and Japanese may break between characters)."""
    if last.kind != "unit" or piece.kind != "unit" or last.end != piece.start:
        return False
    return last.word == piece.word or not (last.text[-1].isalnum() and piece.text[0].isalnum())


def unit_scores(record: Attribution, granularity: Granularity = "word") -> tuple[float, ...]:
    """The scores of the units alone, in reading order."""
    return tuple(piece.score or 0.0 for piece in _units(record, granularity))


def _units(record: Attribution, granularity: Granularity) -> list[Piece]:
    if granularity in ("word", "sentence"):
        return [
            Piece("unit", span.text, span.start, span.end, span.score, index, span.spread)
            for index, span in enumerate(word_scores(record) if granularity == "word" else sentence_scores(record))
            if span.read
        ]
    if granularity == "token":
        return _token_units(record)
    raise UnknownNameError("granularity", granularity, GRANULARITIES)


def _token_units(record: Attribution) -> list[Piece]:
    """Tokens as units, with the sum where several make one (the bytes of an emoji)."""
    words = word_units(record.text, record.tokens)
    word_of = {position: number for number, word in enumerate(words) for position in word.positions}
    drawn = []
    for unit in token_units(record.text, record.tokens):
        score, spread = summed(record, unit.positions)
        text, word = record.text[unit.start : unit.end], word_of[unit.positions[0]]
        drawn.append(Piece("unit", text, unit.start, unit.end, score, word, spread))
    return drawn


def _added(record: Attribution) -> list[Piece]:
    """Added tokens, each placed after the last token of the text that precedes it."""
    placed = []
    position = 0
    for index, token in enumerate(record.tokens):
        if token.end is None:
            score, spread = summed(record, [index])
            placed.append(Piece("added", readable(token.text), position, position, score, spread=spread))
        else:
            position = max(position, token.end)
    return placed


def _plain(kind: Literal["gap", "cut"], record: Attribution, start: int, end: int) -> Piece:
    return Piece(kind, record.text[start:end], start, end)
