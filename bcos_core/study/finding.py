"""What a study found, in one sentence: the first condition of its design against each of the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcos_core.numbers import count

if TYPE_CHECKING:
    from bcos_core.study.statistics.result import Quantity, Result

LEVEL = 0.05
"""A difference is called found where its p after Holm's correction is below this."""

NOISE = 1e-9
"""What is smaller is rounding of the arithmetic: answers are whole numbers and shares of a few thousand at most."""


@dataclass(frozen=True)
class Finding:
    """How a difference of two conditions is said.

    `above` is the sentence for a positive one, `below` for a negative one, with `{one}`, `{other}` and `{size}`, which
    is how large it is, in `unit`. Where none was found, `between` says the interval, from `{low}` to `{high}`, of which
    a negative and a positive end have these `words`. `factor` turns the difference into the unit; with `odds` it is a
    log odds, said as a ratio ("2.1 times").
    """

    above: str
    below: str
    unit: str
    between: str = "the first is anything from {low} to {high}"
    words: tuple[str, str] = ("below", "above")
    factor: float = 1.0
    odds: bool = False

    def sentence(self, result: Result, names: Mapping[str, str]) -> str:
        """The first of the `names` (condition → what it is called here) against each other one, by the differences of
        `result`, and on how many raters and items it stands."""
        first, *others = names
        by_pair = {one.pair: one for one in result.quantities if one.pair is not None}
        parts = []
        for other in others:
            if (found := by_pair.get((first, other))) is not None:
                parts.append(self._said(found, names[first], names[other], turned=False))
            elif (found := by_pair.get((other, first))) is not None:
                parts.append(self._said(found, names[first], names[other], turned=True))
        if not parts:
            reason = result.undefined or "no two conditions have answers that can be compared."
            return f"Nothing can be said: {_inside(reason)}."
        parts[1:] = [part[0].lower() + part[1:] for part in parts[1:]]
        basis = f"{count(result.basis.raters, 'rater')}, {count(result.basis.items, 'item')}"
        return f"{'; '.join(parts)}{';' if len(parts) > 1 else ','} {basis}."

    def _said(self, found: Quantity, one: str, other: str, *, turned: bool) -> str:
        sign = -1.0 if turned else 1.0
        if found.value is None:
            return f"Nothing can be said about {one} and {other}: {_inside(found.undefined)}"
        value = sign * found.value
        form = self.below if value < 0 else self.above
        size = form.format(one=one, other=other, size=self._size(abs(value)))
        if abs(value) < NOISE:
            size = f"{one} and {other} came out equal"
        if found.low is None or found.high is None or found.corrected_p is None:
            return f"{size}, but whether that is chance cannot be said: {_inside(found.undefined)}"
        low, high = sorted((sign * found.low, sign * found.high))
        p = "p (Holm) < 0.001" if found.corrected_p < 0.001 else f"p (Holm) = {found.corrected_p:.2g}"
        if found.corrected_p < LEVEL:
            ends = (low, high) if value >= 0 else (-high, -low)
            return f"{size}, 95 % interval {self._number(ends[0])} to {self._number(ends[1])}, {p}"
        short = self.unit.partition(" of ")[0]  # what they are points of is said once
        after = " after correction for the number of comparisons" if low > 0 or high < 0 else ""
        return (
            f"No difference was found between {one} and {other}{after}; the interval says that "
            f"{self.between.format(low=self._signed(low, self.unit), high=self._signed(high, short))}, {p}"
        )

    def _number(self, value: float) -> str:
        """A size or an end of an interval, in the unit."""
        scaled = math.exp(value) if self.odds else value * self.factor
        decimals = 1 if self.factor >= 10 else 2
        rounded = f"{abs(scaled):.{decimals}f}"
        return f"−{rounded}" if scaled < 0 and float(rounded) else rounded

    def _size(self, value: float) -> str:
        return f"{self._number(value)} {self.unit}"

    def _signed(self, value: float, unit: str) -> str:
        if self.odds:
            return self._size(value)
        return f"{self._number(abs(value))} {unit} {self.words[value >= 0]}"


def _inside(reason: str) -> str:
    """A reason that stands within a sentence."""
    return reason[:1].lower() + reason[1:].rstrip(".")


POINTS = Finding("Raters put {one} {size} above {other}", "Raters put {one} {size} below {other}", "points")
"""Of a scale."""
