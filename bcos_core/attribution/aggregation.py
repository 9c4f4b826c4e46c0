"""A record by words or sentences: sums of token scores over groups of tokens. They are never stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.attribution.record import Attribution, deviation
from bcos_core.text.units import Unit, sentence_units, word_units


@dataclass(frozen=True)
class SpanScore:
    """A word or sentence, its character span, and the sum of its tokens' scores with that sum's `spread` over seeds.
    `read` is false for one past the place where the text was cut: the model never saw it."""

    text: str
    start: int
    end: int
    score: float
    read: bool = True
    spread: float | None = None


def word_scores(record: Attribution) -> tuple[SpanScore, ...]:
    """The words of the record's text. Their scores add up to those of all ordinary tokens."""
    return _sums(record, word_units(record.text, record.tokens))


def sentence_scores(record: Attribution) -> tuple[SpanScore, ...]:
    """The sentences that the model saw; the last one, of a pair that of each text, ends where the text was cut."""
    return _sums(record, sentence_units(record.text, record.tokens, record.unread))


def summed(record: Attribution, positions: Sequence[int]) -> tuple[float, float | None]:
    """The sum of the scores of the tokens at `positions`, and its standard deviation over seeds (None unless there
    are several).

    The tokens are added up under each seed: what one of them gains another often loses (a method's draws hit them
    together), so their own deviations do not say how far the sum varies.
    """
    totals = [sum(row[position] for position in positions) for row in record.seed_scores]
    return float(sum(record.scores[position] for position in positions)), deviation(totals) if totals else None


def _sums(record: Attribution, units: Sequence[Unit]) -> tuple[SpanScore, ...]:
    found = []
    for unit in units:
        score, spread = summed(record, unit.positions)
        text = record.text[unit.start : unit.end]
        found.append(SpanScore(text, unit.start, unit.end, score, bool(unit.positions), spread))
    return tuple(found)
