"""A model's figure on a test set and its interval, computed and written the same wherever it is shown."""

from __future__ import annotations

import math
from collections.abc import Callable

from bcos_core.numbers import count, percent
from bcos_core.tasks.estimates import Estimate, proportion
from bcos_core.tasks.task_type import Metric

ENOUGH_TEXTS = 100
"""From here on, the interval of a share of texts is never wider than 10 points to either side: Wilson's of one half,
the widest, is 9.6."""


def known_figure(
    metric: Metric, value: float, texts: int | None, interval: tuple[float, float] | None = None
) -> Estimate:
    """A figure as training leaves it: its `value` on so many `texts`, and its `interval` where that was measured.

    A proportion has its interval all the same: it follows from the two. Of another figure it takes the answers to each
    text, which training and an audit have.
    """
    if metric.proportion and texts:
        return proportion(value, texts)
    if interval is not None:
        return Estimate(value, *interval, texts or 0)
    return Estimate(value, math.nan, math.nan, texts or 0)


def interval_in_words(estimate: Estimate, written: Callable[[float], str]) -> str:
    """The interval of an estimate over texts, or why there is none; `written` writes a number.

    "95 % interval 74.3 % to 79.6 %", "no interval: all 20 texts give this value".
    """
    if estimate.has_interval:
        return f"95 % interval {written(estimate.low)} to {written(estimate.high)}"
    if estimate.n > 1:
        return f"no interval: all {count(estimate.n, 'text')} give this value"
    return "no interval: one text alone" if estimate.n else "no text"


def figure_in_words(metric: Metric, value: float, texts: int | None, interval: tuple[float, float] | None) -> str:
    """A figure as training leaves it, with its measure: "accuracy 81.9 % (95 % interval 80.1 % to 83.2 %)"."""
    estimate = known_figure(metric, value, texts, interval)
    said = f" ({interval_in_words(estimate, metric.written)})" if estimate.has_interval else ""
    return f"{metric.phrase} {metric.written(value)}{said}"


def few_texts(n: int) -> str:
    """That so few texts leave wide intervals, and how wide; "" from `ENOUGH_TEXTS` on."""
    if not 0 < n < ENOUGH_TEXTS:
        return ""
    half = proportion(0.5, n)
    return (
        f"{count(n, 'text')} {'is' if n == 1 else 'are'} few, and intervals are wide: that of a share of one half is "
        f"{percent(half.low, decimals=0)} to {percent(half.high, decimals=0)}. From {ENOUGH_TEXTS} texts on, it "
        "reaches less than 10 points to either side."
    )


def estimate_in_words(metric: Metric, estimate: Estimate) -> str:
    """A figure with its interval: "81.9 % (95 % interval 80.1 % to 83.2 %)"."""
    return f"{metric.written(estimate.mean)} ({interval_in_words(estimate, metric.written)})"
