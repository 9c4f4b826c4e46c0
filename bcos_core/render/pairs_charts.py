"""Minimal pairs drawn: which word each model prefers, and how well each method finds why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.words import Names
from bcos_core.numbers import percent
from bcos_core.render.dots import SYMBOLS, add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import CHANCE, method_colour, method_title
from bcos_core.render.minimal_pairs import best_first, is_expected

Row = Mapping[str, Any]

_MODELS = ("#4f7fd1", "#c2703d", "#3f9a63", "#a0629f")
"""Colours of models, by their place: no method is drawn here."""


def preference_figure(rows: Sequence[Row], names: Names) -> go.Figure:
    """Of the pairs of each source the share of which each model prefers the right word (`PairsResult.preferences`), the
    models of a source below each other."""
    shown = [row for row in rows if row["n"]]
    models = list(dict.fromkeys(row["checkpoint"] for row in rows))
    figure = go.Figure()
    for row in reversed(shown):
        place = models.index(row["checkpoint"])
        label = figure_text(row["source"])
        if len(models) > 1:
            label += f" · {figure_text(names.get(row['checkpoint'], row['checkpoint']))}"
        add_dot(
            figure,
            row,
            label=label,
            colour=_MODELS[place % len(_MODELS)],
            symbol=SYMBOLS[place % len(SYMBOLS)],
            written=percent,
        )
    figure.add_vline(x=0.5, line={"dash": "dot", "width": 1, "color": CHANCE})
    lay_out(
        figure,
        "How often does it prefer the right word?",
        "share of pairs",
        len(shown),
        subtitle="dotted: by chance",
        share=True,
    )
    return figure


def measure_rows(rows: Sequence[Row], measure: str, source: str) -> list[Row]:
    """The rows of one measure and one source (`PairsResult.rows`), the best first, those without a value last."""
    return sorted(
        (row for row in rows if row["measure"] == measure and row["source"] == source),
        key=best_first,
    )


def measure_figure(rows: Sequence[Row], measure: str, source: str, names: Names) -> go.Figure:
    """Means over pairs with their 95 % intervals, the best on top; what chance is expected to reach has none."""
    shown = [row for row in measure_rows(rows, measure, source) if row["n"]]
    models = list(dict.fromkeys(row["checkpoint"] for row in rows))
    figure = go.Figure()
    for row in reversed(shown):
        label = method_title(row["method"]) + (" (expected)" if is_expected(row) else "")
        if len(models) > 1:
            label += f" · {figure_text(names.get(row['checkpoint'], row['checkpoint']))}"
        add_dot(
            figure,
            row,
            label=label,
            colour=method_colour(row["method"]),
            symbol=SYMBOLS[models.index(row["checkpoint"]) % len(SYMBOLS)],
            written=MEASURES[measure].written,
        )
    title, better = MEASURES[measure].title, "higher" if MEASURES[measure].higher_is_better else "lower"
    lay_out(figure, title, title.lower(), len(shown), subtitle=f"{better} is better")
    return figure
