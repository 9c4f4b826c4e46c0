"""Minimal pairs drawn: which word each model prefers, and how well each method finds why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.words import Names
from bcos_core.numbers import is_missing, percent
from bcos_core.render.axis import share_axis
from bcos_core.render.dots import SYMBOLS, add_dot, lay_out
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import CHANCE, method_colour, method_title
from bcos_core.render.minimal_pairs import best_first, is_expected
from bcos_core.render.removal_curves import ALL_BANDS, DASHES, OPACITY, pale

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
        add_dot(
            figure,
            row,
            label=_with_model(figure_text(row["source"]), row["checkpoint"], models, names),
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
        title = method_title(row["method"]) + (" (expected)" if is_expected(row) else "")
        add_dot(
            figure,
            row,
            label=_with_model(title, row["checkpoint"], models, names),
            colour=method_colour(row["method"]),
            symbol=SYMBOLS[models.index(row["checkpoint"]) % len(SYMBOLS)],
            written=MEASURES[measure].written,
        )
    title, better = MEASURES[measure].title, "higher" if MEASURES[measure].higher_is_better else "lower"
    share = MEASURES[measure].share
    lay_out(figure, title, title.lower(), len(shown), subtitle=f"{better} is better", share=share)
    return figure


def curve_figure(rows: Sequence[Row], measure: str, source: str, names: Names) -> go.Figure | None:
    """The curve whose height a measure is (`PairsResult.curves`): its mean over pairs with a band, the 95 % interval
    point by point, a line for each method on each model. None of a measure that is no height, or without a pair."""
    lines: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        if row["measure"] == measure and row["source"] == source and row["n"]:
            lines.setdefault((row["checkpoint"], row["method"]), []).append(row)
    if not lines:
        return None
    models = list(dict.fromkeys(checkpoint for checkpoint, _ in lines))
    figure = go.Figure()
    for (_, method), points in lines.items():  # under all lines, and the paler the more there are
        _add_band(figure, points, pale(method_colour(method), min(OPACITY, ALL_BANDS / len(lines))))
    for (checkpoint, method), points in lines.items():
        title = _with_model(method_title(method), checkpoint, models, names)
        dash = list(DASHES)[models.index(checkpoint) % len(DASHES)]
        figure.add_scatter(
            x=[row["place"] for row in points],
            y=[row["mean"] for row in points],
            customdata=[_ends(row) for row in points],
            name=title,
            mode="lines",
            line={"color": method_colour(method), "width": 2, "dash": dash},
            hovertemplate=f"{title}<br>%{{x:.0%}}: %{{y:.3f}} (%{{customdata[0]:.3f}} to %{{customdata[1]:.3f}})"
            "<extra></extra>",
        )
    figure.update_layout(
        title={"text": f"{MEASURES[measure].title}, step by step", "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": "share of the steps", "standoff": 14}, **share_axis()},
        yaxis={"title": {"text": "logit right − wrong"}},
        legend={"orientation": "h", "y": -0.3},
        height=340 + 22 * len(lines),  # on a narrow screen each name in the legend has a line of its own
        margin={"l": 8, "r": 16, "t": 44, "b": 8},
    )
    return figure


def _with_model(title: str, checkpoint: str, models: Sequence[str], names: Names) -> str:
    """A title, and after it the name of the model where there are several."""
    return f"{title} · {figure_text(names.get(checkpoint, checkpoint))}" if len(models) > 1 else title


def _add_band(figure: go.Figure, points: Sequence[Row], colour: str) -> None:
    places, ends = [row["place"] for row in points], [_ends(row) for row in points]
    figure.add_scatter(
        x=[*places, *reversed(places)],
        y=[*(high for _, high in ends), *(low for low, _ in reversed(ends))],
        fill="toself",
        fillcolor=colour,
        mode="lines",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _ends(row: Row) -> tuple[float, float]:
    """The ends of a point's interval; the point itself where it has none."""
    missing = is_missing(row["low"]) or is_missing(row["high"])
    return (row["mean"], row["mean"]) if missing else (row["low"], row["high"])
