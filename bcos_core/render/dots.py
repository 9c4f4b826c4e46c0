"""Dots with their intervals, one row each: how a table of means is drawn.

What a row is stands above its dot, not beside it: a long name leaves the dots all the width there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import plotly.graph_objects as go

from bcos_core.numbers import is_missing, number
from bcos_core.render.axis import share_axis

SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")
"""Of models, by their place."""
_ROW_HEIGHT = 42
_ABOVE = 0.32  # of a row, from a dot up to its name


def add_dot(
    figure: go.Figure,
    row: Mapping[str, Any],
    *,
    label: str,
    colour: str,
    symbol: str,
    written: Callable[[float], str] = number,
) -> None:
    """One row above those that there are: `mean` with `low` and `high` (None or NaN for no interval), over `n`;
    `written` writes a value."""
    missing = is_missing(row["low"]) or is_missing(row["high"])
    low, high = (row["mean"] if missing else row[end] for end in ("low", "high"))
    said = "no interval" if missing else f"95 % interval {written(low)} to {written(high)}"
    place = len(figure.data)
    figure.add_scatter(
        x=[row["mean"]],
        y=[place],
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - row["mean"]],
            "arrayminus": [row["mean"] - low],
            "thickness": 2,
            "width": 0,
        },
        name=label,
        mode="markers",
        cliponaxis=False,  # a mark at the end of its axis is drawn whole
        marker={"size": 10, "color": colour, "symbol": symbol},
        hovertemplate=f"{label}: {written(row['mean'])}, {said}, n {row['n']}<extra></extra>",
    )
    figure.add_annotation(
        text=label, x=0, xref="paper", xanchor="left", y=place + _ABOVE, showarrow=False, font={"size": 12}
    )


def lay_out(figure: go.Figure, title: str, axis: str, rows: int, *, subtitle: str = "", share: bool = False) -> None:
    """The frame around the dots, as high as they need; `share`: they are shares of one."""
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left", "subtitle": {"text": subtitle}},
        # The title keeps off the numbers above it, whichever of them stands in the middle.
        xaxis={
            "title": {"text": axis, "standoff": 14},
            "automargin": True,
            "zeroline": True,
            **(share_axis() if share else {}),
        },
        yaxis={"range": [-0.4, rows - 0.4], "showticklabels": False, "showgrid": False, "zeroline": False},
        showlegend=False,
        height=110 + _ROW_HEIGHT * rows,
        margin={"l": 8, "r": 16, "t": 60 if subtitle else 44, "b": 8},
    )
