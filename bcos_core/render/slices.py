"""Slices of an evaluation drawn: one score on some of the texts, beside the same score on the others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from bcos_core.evaluate.figures import few_texts
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.numbers import is_missing, number
from bcos_core.render.dots import add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import method_colour, method_title
from bcos_core.render.report import PAGE_STYLE
from bcos_core.render.scoreboard import Row

_SYMBOLS = ("circle", "diamond", "square", "triangle-up", "x")
CHANCE_OF_MANY = (
    "Each interval is of one slice alone: of many slices, some differ by chance. Look at new texts before you claim a "
    "difference."
)


def slices_table(rows: Sequence[Row], against: str) -> pd.DataFrame:
    """A row for each slice, contender and score, with the paired difference with the contender `against`, as it is
    called."""
    return pd.DataFrame(
        [
            {
                "score": SCORES[row["score"]].title,
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
        ]
    )


def slices_html(evaluation: Evaluation, said: str, rows: Sequence[Row], against: str) -> str:
    """Every score of an evaluation on some of its texts, as one HTML page that stands alone; `said` is how these were
    put apart, `against` the contender that others differ from, as it is called."""
    few = few_texts(min((row["n"] for row in rows if row["n"]), default=0))
    notes = "".join(f"<p class='note'>{escape(one)}</p>\n" for one in (CHANCE_OF_MANY, few, *evaluation.notes) if one)
    sections = "".join(_section(evaluation, score, rows, against) for score in dict.fromkeys(r["score"] for r in rows))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Slices of evaluation {escape(evaluation.name)}</title><style>{PAGE_STYLE}</style></head><body>\n"
        f"<h1>On which texts does it hold? {escape(evaluation.task)}</h1>\n<p>{escape(said)}.</p>\n{notes}"
        f"{sections}</body></html>\n"
    )


def _section(evaluation: Evaluation, score: str, rows: Sequence[Row], against: str) -> str:
    entry, protocol = SCORES[score], evaluation.contenders[0].protocols[score]["summary"]
    body = "".join(
        f"<tr><td>{escape(row['slice'])}</td><td>{escape(method_title(row['method']))}</td>"
        f"<td>{escape(row['checkpoint'])}</td><td class='figure'>{_written(row)}</td>"
        f"<td class='figure'>{row['n']}</td><td class='figure'>{_written(row['difference'], signed=True)}</td></tr>"
        for row in rows
        if row["score"] == score
    )
    return (
        f"<h2>{escape(entry.title)}</h2>\n<p class='note'>{escape(entry.description)} "
        f"{'Higher' if entry.higher_is_better else 'Lower'} is better. {escape(protocol)}</p>\n"
        "<table><tr><th>Slice</th><th>Method</th><th>Model</th><th class='figure'>Mean, 95 % interval</th>"
        f"<th class='figure'>Texts</th><th class='figure'>Difference with {escape(against)}</th></tr>{body}</table>\n"
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
                difference = "" if is_missing(gap["mean"]) else f"  difference {_written(gap, signed=True)}"
                lines.append(
                    f"  {row['slice']:<32} {row['method']:<20} {_written(row)}  n {row['n']}{difference}  "
                    f"{row['checkpoint']}"
                )
    return [*lines, CHANCE_OF_MANY]


def _written(estimate: Mapping[str, Any], *, signed: bool = False) -> str:
    """A mean with its interval, where it has one."""
    mean, low, high = (estimate[name] for name in ("mean", "low", "high"))
    if is_missing(mean):
        return "–"
    between = "" if is_missing(low) else f" [{number(low, signed=signed)}, {number(high, signed=signed)}]"
    return number(mean, signed=signed) + between
