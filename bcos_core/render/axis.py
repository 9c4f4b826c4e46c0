"""Axes of quantities that have bounds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

LEAST_SPAN = 0.1
"""A range of shares is no narrower: one point is not drawn as if it were far from the next."""


def share_axis(values: Iterable[float]) -> dict[str, Any]:
    """The layout of an axis of shares, in per cent: around the values, and never below 0 % or above 100 %.

    Plotly's own range around a single value of 1 would go to 200 %.
    """
    known = list(values)
    low, high = min(known, default=0.0), max(known, default=1.0)
    margin = max(0.1 * (high - low), (LEAST_SPAN - (high - low)) / 2)
    return {
        "range": [max(0.0, low - margin), min(1.0, high + margin)],
        "minallowed": 0.0,
        "maxallowed": 1.0,
        "tickformat": ".0%",
    }
