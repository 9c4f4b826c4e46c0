"""Slices of an evaluation drawn: one score on some of the texts, beside the same score on the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.evaluate.scores import SCORES
from bcos_core.numbers import is_missing, number
from bcos_core.render.dots import add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import method_colour, method_title
from bcos_core.render.scoreboard import Row

_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")
CHANCE_OF_MANY = (
    "Each interval is of one slice alone: of many slices, some differ by chance. Look at new texts before you claim a "
    "difference."
)


def slices_table(rows: Sequence[Row], score: str, against: str) -> pd.DataFrame:
    """One score: a row for each slice and contender, with the paired difference with the contender `against`, as it is
    called."""
    return pd.DataFrame(
        [
            {
                "slice": row["slice"],
                "method": method_title(row["method"]),
                "model": row["checkpoint"],
                "mean": row["mean"],
                "low": row["low"],
                "high": row["high"],
                "texts": row["n"],
                f"minus {against}": row["difference"]["mean"],
                "difference low": row["difference"]["low"],
                "difference high": row["difference"]["high"],
            }
            for row in rows
            if row["score"] == score
        ]
    )


def slices_figure(rows: Sequence[Row], score: str) -> go.Figure:
    """Means with their intervals, slice by slice, the first on top; a method has one colour, a slice one mark."""
    shown = [row for row in rows if row["score"] == score and not math.isnan(row["mean"])]
    titles = list(dict.fromkeys(row["slice"] for row in shown))
    several = len({row["checkpoint"] for row in shown}) > 1
    figure = go.Figure()
    for row in reversed(shown):
        label = f"{figure_text(row['slice'])} · {method_title(row['method'])}"
        label += f" · {figure_text(row['checkpoint'])}" if several else ""
        symbol = _SYMBOLS[titles.index(row["slice"]) % len(_SYMBOLS)]
        add_dot(figure, row, label=label, colour=method_colour(row["method"]), symbol=symbol)
    entry = SCORES[score]
    direction = "higher" if entry.higher_is_better else "lower"
    lay_out(figure, "On which texts?", entry.title.lower(), len(shown), subtitle=f"{direction} is better")
    return figure


def slices_lines(asked: str, rows: Sequence[Row]) -> list[str]:
    """The rows of a slicing as lines of text, score by score."""
    lines = []
    for score in dict.fromkeys(row["score"] for row in rows):
        better = "higher" if SCORES[score].higher_is_better else "lower"
        lines.append(f"{score} by {asked} ({better} is better)")
        for row in rows:
            if row["score"] == score:
                gap = row["difference"]
                difference = "" if is_missing(gap["low"]) else f"  difference {_written(gap, signed=True)}"
                lines.append(
                    f"  {row['slice']:<32} {row['method']:<20} {_written(row)}  n {row['n']}{difference}  "
                    f"{row['checkpoint']}"
                )
    return [*lines, CHANCE_OF_MANY]


def _written(estimate: Mapping[str, Any], *, signed: bool = False) -> str:
    """A mean with its interval, where it has one."""
    mean, low, high = (estimate[name] for name in ("mean", "low", "high"))
    if is_missing(mean):
        return "no value"
    between = "" if is_missing(low) else f" [{number(low, signed=signed)}, {number(high, signed=signed)}]"
    return number(mean, signed=signed) + between
