"""Square matrices as figures, their numbers written into them.

A figure does not know the page's theme. Its cells are veils of the palette's colours over the page's background, and
its numbers have the colour of the page's text, so that both fit light and dark mode.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import plotly.graph_objects as go

from bcos_core.render.figure_text import figure_text
from bcos_core.render.palette import PALETTES

_ROW_HEIGHT = 38
_TWO_DIGITS = 5  # names up to which cells are wide enough for two digits on a phone; hover has them always
_MOST_WRITTEN = 30  # names up to which numbers are written into cells; hover has them always
_VEIL = 0.5  # of the full colour: the page's text keeps its contrast on it, in light and in dark mode
_PALETTE = PALETTES["blue-orange"]


def _veil(colour: str, opacity: float) -> str:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


_MORE, _LESS = _PALETTE.supports["light"], _PALETTE.against["light"]
SEQUENTIAL = ((0.0, _veil(_MORE, 0.0)), (1.0, _veil(_MORE, _VEIL)))
DIVERGING = ((0.0, _veil(_LESS, _VEIL)), (0.5, _veil(_LESS, 0.0)), (0.5, _veil(_MORE, 0.0)), (1.0, _veil(_MORE, _VEIL)))
"""Colours of a matrix, from its least value to 1."""


def agreement_figure(title: str, names: Sequence[str], rows: Sequence[Sequence[float]]) -> go.Figure:
    """Colours run from −1 to 1; what is not a number stays empty, written "–". Rows are numbered, and columns have
    their numbers, so that a matrix of many names can be read at every width."""
    digits = 2 if len(names) <= _TWO_DIGITS else 1
    texts = [["–" if math.isnan(value) else f"{value:.{digits}f}" for value in row] for row in rows]
    values = [[None if math.isnan(value) else value for value in row] for row in rows]
    figure = square_figure(title, names, values, texts, scale=DIVERGING, least=-1.0, hover="%{y}<br>%{x}<br>%{z:.2f}")
    labels = [figure_text(name) for name in names]
    numbers = [str(place) for place in range(1, len(names) + 1)]
    # Of "method · model" the model goes below: beside each other they would leave no room for the matrix on a phone.
    rows_named = [
        f"{label.replace(' · ', '<br>', 1)} <b>{place}</b>" for label, place in zip(labels, numbers, strict=True)
    ]
    places = list(range(len(names)))
    figure.update_layout(
        xaxis={"side": "top", "tickvals": places, "ticktext": [f"<b>{place}</b>" for place in numbers], "tickangle": 0},
        yaxis={"tickvals": places, "ticktext": rows_named, "tickfont": {"size": 12}},
        margin={"t": 72},
        height=84 + _ROW_HEIGHT * len(names),
    )
    return figure


def square_figure(
    title: str,
    names: Sequence[str],
    values: Sequence[Sequence[float | None]],
    texts: Sequence[Sequence[str]],
    *,
    scale: Sequence[tuple[float, str]],
    least: float,
    hover: str,
) -> go.Figure:
    """A matrix over `names`, the first row on top; colours run over `scale` from `least` to 1."""
    labels = [figure_text(name) for name in names]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=labels,
            y=labels,
            text=texts,
            zmin=least,
            zmax=1.0,
            colorscale=scale,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate=f"{hover}<extra></extra>",
        )
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"showgrid": False},
        yaxis={"autorange": "reversed", "automargin": True, "showgrid": False},
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
    )
    if len(names) <= _MOST_WRITTEN:  # as notes: a cell's own text has not the page's colour
        figure.update_layout(
            annotations=[
                {"x": column, "y": row, "text": text, "showarrow": False, "font": {"size": 13}}
                for row, line in enumerate(texts)
                for column, text in enumerate(line)
            ]
        )
    return figure
