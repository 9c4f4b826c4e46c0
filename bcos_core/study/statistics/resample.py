"""Bootstrap intervals over items, for what has no formula of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bcos_core.numbers import percent
from bcos_core.study.statistics.result import CONFIDENCE, Quantity, too_few

RESAMPLES = 1_000
_SEED = 0
_MOST_LOST = 0.05  # of the resamples; more, and the interval would be of the lucky ones


@dataclass(frozen=True)
class Interval:
    """An interval, or the reason why there is none."""

    low: float | None
    high: float | None
    undefined: str = ""

    def around(self, name: str, value: float) -> Quantity:
        """The quantity of this value with this interval."""
        return Quantity(name, value, self.low, self.high, undefined=self.undefined)


def item_intervals(
    statistics: Callable[[NDArray[np.intp]], Sequence[float | None]], item: NDArray[np.intp]
) -> tuple[Interval, ...]:
    """Percentile intervals of several statistics, whole items resampled with all that belongs to them.

    `item` is each row's item, (rows,); `statistics` is given the places of the rows that were drawn, and gives None
    for what cannot be said of them. The resamples are the same ones every time.
    """
    known = np.unique(item)
    rows = [np.flatnonzero(item == one) for one in known]
    reason = too_few(len(known), "items with what is needed")
    if reason:
        return tuple(Interval(None, None, reason) for _ in statistics(np.arange(len(item))))
    generator = np.random.default_rng(_SEED)
    drawn = [
        statistics(np.concatenate([rows[place] for place in generator.integers(0, len(rows), len(rows))]))
        for _ in range(RESAMPLES)
    ]
    return tuple(_interval([one[place] for one in drawn]) for place in range(len(drawn[0])))


def _interval(values: list[float | None]) -> Interval:
    known = [value for value in values if value is not None]
    lost = 1 - len(known) / len(values)
    if lost > _MOST_LOST:
        share = percent(lost, decimals=0)
        return Interval(None, None, f"In {share} of the resamples it is undefined, so there is no interval.")
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(low), float(high))
