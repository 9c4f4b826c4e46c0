"""What a record's seeds leave open, drawn: the band from a score minus its standard deviation to that score plus it."""

from __future__ import annotations

from dataclasses import dataclass

from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.numbers import count, plus_minus
from bcos_core.render.palette import Mode, Palette
from bcos_core.render.pieces import Piece
from bcos_core.render.scale import Scale

# A whisker goes on for this much of the longest bar at most: beyond it would cross the next line of text.
LONGEST = 1.3


@dataclass(frozen=True)
class Band:
    """One unit's mean ± standard deviation over seeds, in shares of the scale's limit.

    `unsettled`: zero lies within it, so that the seeds do not even agree on the sign.
    """

    low: float
    high: float
    unsettled: bool

    def colours(self, palette: Palette, mode: Mode) -> tuple[str, str]:
        """The colours of its two ends."""
        return palette.shade(self.low, mode).background, palette.shade(self.high, mode).background


def band_of(piece: Piece, scale: Scale, *, signed: bool) -> Band | None:
    """The band of a unit; None without several seeds. Without `signed`, it does not go below zero."""
    if piece.spread is None or piece.score is None:
        return None
    low, high = piece.score - piece.spread, piece.score + piece.spread
    return Band(
        _share(low if signed else max(0.0, low), scale),
        _share(high, scale),
        unsettled=signed and low <= 0 <= high and piece.spread > 0,
    )


def score_in_words(piece: Piece, record: Attribution, *, signed: bool) -> str:
    """The number of a piece with its sign, and over how many seeds it varies by how much: "+0.310 ± 0.0520 over 5
    seeds"."""
    words = plus_minus(piece.score or 0.0, piece.spread, signed=signed)
    return words if piece.spread is None else f"{words} over {count(len(record.seeds), 'seed')}"


def band_note(record: Attribution, *, bars: bool = False) -> str | None:
    """What the band and the dotted line mean; for a single seed of a method that draws at random, that it is one."""
    if record.seed_scores:
        drawn = "Whisker on a bar" if bars else "Strip under the words"
        return (
            f"{drawn}: mean ± one standard deviation over {len(record.seeds)} seeds. "
            "Dotted line: zero lies within it, so the sign is not settled."
        )
    if record.method in METHODS and METHODS[record.method].stochastic:
        return "Drawn at random, under one seed: another gives other values. Several seeds show how far they vary."
    return None


def _share(score: float, scale: Scale) -> float:
    return max(-LONGEST, min(LONGEST, score / scale.limit)) if scale.limit > 0 else 0.0
