"""Dots with their intervals, one row each: how a table of means is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go

from bcos_core.numbers import is_missing

_ROW_HEIGHT = 30


def add_dot(figure: go.Figure, row: Mapping[str, Any], *, label: str, colour: str, symbol: str) -> None:
    """One row: `mean` with `low` and `high` (None or NaN for no interval), over `n`."""
    missing = is_missing(row["low"]) or is_missing(row["high"])
    low, high = (row["mean"] if missing else row[end] for end in ("low", "high"))
    said = "no interval" if missing else f"95 % interval {low:.3f} to {high:.3f}"
    figure.add_scatter(
        x=[row["mean"]],
        y=[label],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - row["mean"]],
            "arrayminus": [row["mean"] - low],
            "thickness": 2,
            "width": 0,
        },
        mode="markers",
        marker={"size": 10, "color": colour, "symbol": symbol},
        hovertemplate=f"%{{y}}: {row['mean']:.3f}, {said}, n {row['n']}<extra></extra>",
    )


def lay_out(figure: go.Figure, title: str, axis: str, rows: int) -> None:
    """The frame around the dots, as high as they need."""
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": axis}, "zeroline": True},
        yaxis={"automargin": True},
        showlegend=False,
        height=110 + _ROW_HEIGHT * rows,
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
    )
