"""What changed between two runs: the difference of every figure that both have, with its interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bcos_core.reproduce.figure import Figure, Sample
from bcos_core.reproduce.report import Report
from bcos_core.tasks.estimates import Estimate


@dataclass(frozen=True)
class Change:
    """A figure `now` and `before`, and now minus before. `paired`: over the texts that both have values of, seed by
    seed."""

    now: Figure
    before: Figure
    difference: Estimate
    paired: bool

    @property
    def shown(self) -> bool | None:
        """Whether the interval of the difference leaves 0 out; None where there is none."""
        if not self.difference.has_interval:
            return None
        return self.difference.low > 0 or self.difference.high < 0

    @property
    def is_better(self) -> bool | None:
        """Whether now is on the better side; None for a figure without one, or without a difference."""
        if not self.now.better or self.difference.mean == 0:
            return None
        return (self.difference.mean > 0) == (self.now.better == "higher")


def changes(
    now: Report, before: Report, samples_now: Mapping[str, Sample], samples_before: Mapping[str, Sample]
) -> list[Change]:
    """In the order of the figures of `now`."""
    found = []
    for figure in now.figures:
        earlier = before.figure(figure.name)
        if earlier is None or earlier.unit != figure.unit:
            continue
        pair = _paired(samples_now.get(figure.name), samples_before.get(figure.name))
        found.append(Change(figure, earlier, pair or _apart(figure, earlier), pair is not None))
    return found


def only_in(one: Report, other: Report) -> list[Figure]:
    """The figures of one run that the other lacks."""
    known = {figure.name for figure in other.figures}
    return [figure for figure in one.figures if figure.name not in known]


def _paired(now: Sample | None, before: Sample | None) -> Estimate | None:
    """Over the items of both, seed by seed; None where they are of other numbers of seeds. The same values are of the
    same models: between these nothing was drawn anew."""
    if now is None or before is None or len(now.table) != len(before.table):
        return None
    gap = now.minus(before)
    if not gap.items:
        return None
    same = all(value == 0 for row in gap.table for value in row)
    return Estimate(0.0, math.nan, math.nan, len(gap.items)) if same else gap.estimate


def _apart(now: Figure, before: Figure) -> Estimate:
    """Of two runs that share no text, or are of other numbers of seeds, or of repetitions: the interval of a difference
    from those of its two parts (Zou & Donner, Statistics in Medicine 2008, 27: 1693, eq. 2)."""
    difference = now.value - before.value
    if not (now.has_interval and before.has_interval):
        return Estimate(difference, math.nan, math.nan, min(now.n, before.n))
    assert now.low is not None and now.high is not None and before.low is not None and before.high is not None
    low = difference - math.hypot(now.value - now.low, before.high - before.value)
    high = difference + math.hypot(now.high - now.value, before.value - before.low)
    return Estimate(difference, low, high, min(now.n, before.n))
