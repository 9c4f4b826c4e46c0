"""Axes of quantities that have bounds."""

from __future__ import annotations

from typing import Any

from bcos_core.numbers import percent

_MARKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def share_axis() -> dict[str, Any]:
    """The layout of an axis of shares: all of it, from 0 % to 100 %, so that the same share stands in the same place in
    every chart, and what looks like much is much."""
    return {
        "range": [0.0, 1.0],
        "minallowed": 0.0,
        "maxallowed": 1.0,
        "tickvals": list(_MARKS),
        "ticktext": [percent(mark, decimals=0) for mark in _MARKS],
    }
