"""A planted-truth experiment drawn: how well each method finds what is known to decide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.lab.measures import MEASURES
from bcos_core.render.methods import method_colour, method_title

Row = dict[str, Any]

_ROW_HEIGHT = 30
_SYMBOLS = ("circle", "diamond")


def lab_rows(rows: Sequence[Row], measure: str) -> list[Row]:
    """The rows of one measure, the best first, those without a value last."""
    better = MEASURES[measure][2]
    return sorted(
        (row for row in rows if row["measure"] == measure),
        key=lambda row: (_missing(row), 0.0 if _missing(row) else -row["mean"] if better else row["mean"]),
    )


def lab_figure(rows: Sequence[Row], measure: str, kinds: dict[str, str]) -> go.Figure:
    """Means with their 95 % intervals, the best on top; `kinds` names each checkpoint for a person."""
    title, _, better = MEASURES[measure]
    ranked = [row for row in lab_rows(rows, measure) if not _missing(row)]
    figure = go.Figure()
    for row in reversed(ranked):
        low, high = (row["mean"] if row[end] is None or math.isnan(row[end]) else row[end] for end in ("low", "high"))
        label = f"{method_title(row['method'])} · {escape(kinds[row['checkpoint']])}"
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
            marker={
                "size": 10,
                "color": method_colour(row["method"]),
                "symbol": _SYMBOLS[list(kinds).index(row["checkpoint"]) % len(_SYMBOLS)],
            },
            hovertemplate=f"%{{y}}: {row['mean']:.3f}, 95 % interval {low:.3f} – {high:.3f}, n {row['n']}"
            "<extra></extra>",
        )
    direction = "higher" if better else "lower"
    figure.update_layout(
        title={"text": f"{title}: {direction} is better", "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": title.lower()}, "rangemode": "tozero"},
        yaxis={"automargin": True},
        showlegend=False,
        height=110 + _ROW_HEIGHT * len(ranked),
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
    )
    return figure


def lab_table(rows: Sequence[Row], kinds: dict[str, str]) -> pd.DataFrame:
    """Every measure of every method, one row each."""
    return pd.DataFrame(
        [
            {
                "measure": MEASURES[row["measure"]][0],
                "method": method_title(row["method"]),
                "model": kinds[row["checkpoint"]],
                "mean": row["mean"],
                "low": row["low"],
                "high": row["high"],
                "texts": row["n"],
                "failed": row["failed"],
            }
            for measure in MEASURES
            for row in lab_rows(rows, measure)
        ]
    )


def _missing(row: Row) -> bool:
    return row["mean"] is None or math.isnan(row["mean"])
