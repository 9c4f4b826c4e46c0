"""A square matrix of agreements as a figure, its numbers written into it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

import plotly.graph_objects as go

_ROW_HEIGHT = 34
# Blue and orange as in heatmaps, pale enough for dark letters on every shade, in light and in dark mode.
_SCALE = ((0.0, "#f2a65a"), (0.5, "#e9e7e4"), (1.0, "#7fb6ea"))


def agreement_figure(title: str, names: Sequence[str], rows: Sequence[Sequence[float]]) -> go.Figure:
    """Colours run from −1 to 1; what is not a number stays empty, written "–"."""
    labels = [escape(name) for name in names]
    texts = [["–" if math.isnan(value) else f"{value:.2f}" for value in row] for row in rows]
    values = [[None if math.isnan(value) else value for value in row] for row in rows]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=labels,
            y=labels,
            text=texts,
            texttemplate="%{text}",
            textfont={"color": "#2f2d2b", "size": 13},
            zmin=-1.0,
            zmax=1.0,
            colorscale=_SCALE,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}<br>%{x}<br>%{text}<extra></extra>",
        )
    )
    figure.update_layout(
        title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        yaxis={"autorange": "reversed", "automargin": True, "showgrid": False},
        xaxis={"automargin": True, "showticklabels": len(names) <= 6, "showgrid": False},
        height=140 + _ROW_HEIGHT * len(names),
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
    )
    return figure
