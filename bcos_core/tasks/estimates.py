"""A figure of many texts with its interval: a share, a mean, or what is neither.

One quantity has one kind of interval, wherever it is shown: a share of texts that are right or wrong, found or missed,
has Wilson's (`proportion`); every other mean, and what is no mean, has the bootstrap's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bcos_core.tasks.task_type import Array, Metric, TaskType

RESAMPLES = 5_000
RESAMPLES_OF_FIGURES = 1_000  # each is computed anew
CONFIDENCE = 0.95
SEED = 0
ROWS = 500  # resamples at once: flat in memory for any number of texts
_NORMAL_QUANTILE = 1.959963984540054  # two-sided 95 %


@dataclass(frozen=True)
class Estimate:
    """A figure of `n` texts and its 95 % interval: NaN where there is nothing to take one from, as from one value alone
    or from values that are all the same."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def has_interval(self) -> bool:
        return not math.isnan(self.low)


def proportion(share: float, n: int) -> Estimate:
    """A share of `n` texts with its score interval (Wilson, JASA 1927, 22: 209), from 0 to 1.

    Of the simple intervals it is among those that keep to their 95 % also for few texts and at 0 and 1, where others
    shrink to a point (Brown, Cai & DasGupta, Statistical Science 2001, 16: 101, §5).

    Raises:
        ValueError: a share that is none.
    """
    if n < 1:
        return Estimate(np.nan, np.nan, np.nan, 0)
    if not 0 <= share <= 1:
        raise ValueError(f"The share is {share}; expected one from 0 to 1.")
    z2 = _NORMAL_QUANTILE**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_QUANTILE / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At 0 and 1 the end is the share itself, whatever rounding makes of it.
    return Estimate(share, 0.0 if share == 0 else centre - half, 1.0 if share == 1 else centre + half, n)


def bootstrap(values: Sequence[float]) -> Estimate:
    """Mean with its percentile bootstrap interval (Efron & Tibshirani, 1993, §13.3), always the same resamples."""
    known = np.asarray(values, dtype=float)
    if not len(known):
        return Estimate(np.nan, np.nan, np.nan, 0)
    if known.min() == known.max():
        return Estimate(float(known[0]), np.nan, np.nan, len(known))
    generator = np.random.default_rng(SEED)
    means = np.concatenate(
        [
            known[generator.integers(0, len(known), (min(ROWS, RESAMPLES - done), len(known)))].mean(1)
            for done in range(0, RESAMPLES, ROWS)
        ]
    )
    return Estimate(float(known.mean()), *_interval(means.tolist()), len(known))


def resampled(figures: Callable[[NDArray[np.int_]], Mapping[str, float]], n: int) -> dict[str, Estimate]:
    """Figures of `n` texts that are no means over texts, with their percentile bootstrap intervals: computed from all
    places, and from each resample of them. Resamples in which one is not defined do not count for it."""
    known = figures(np.arange(n))
    generator = np.random.default_rng(SEED)
    draws: dict[str, list[float]] = {name: [] for name in known}
    for _ in range(RESAMPLES_OF_FIGURES):
        found = figures(generator.integers(0, n, n))
        for name in known:
            if name in found:
                draws[name].append(found[name])
    return {name: Estimate(value, *_interval(draws[name]), n) for name, value in known.items()}


def estimated(kind: TaskType, metrics: Sequence[Metric], logits: Array, golds: Array) -> dict[str, Estimate]:
    """Metrics with their intervals over texts, those left out that are not defined."""
    each, n = kind.each_metric, len(logits)
    found: dict[str, Estimate] = {}
    if any(metric.name != each.name and not metric.proportion for metric in metrics):
        found = resampled(lambda chosen: kind.figures(logits[chosen], golds[chosen]), n)
    if not each.proportion:
        found[each.name] = bootstrap(kind.each_text(logits, golds).tolist())
    shares = kind.figures(logits, golds)
    found |= {one.name: proportion(shares[one.name], n) for one in metrics if one.proportion and one.name in shares}
    return {metric.name: found[metric.name] for metric in metrics if metric.name in found}


def _interval(draws: Sequence[float]) -> tuple[float, float]:
    if not draws or min(draws) == max(draws):
        return np.nan, np.nan
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
