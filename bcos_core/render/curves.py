"""Learning curves of a job as Plotly figures; each kind of model keeps one colour everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import Metric

Curves = Mapping[str, Sequence[tuple[int, float]]]

# Readable on white and on black, and told apart by their dashes alone.
_MODELS = {
    "bcos": ("B-cos", "#12908e", "solid"),
    "conventional": ("conventional", "#8a7fb0", "dash"),
}
_HEIGHT = 260


@dataclass(frozen=True)
class _Chart:
    metric: str
    title: str
    axis: str
    hover: str
    tick_format: str | None
    mode: str


_LOSS = _Chart("loss", "Does the loss still fall?", "training loss", "%{y:.3f}", None, "lines")
_QUESTIONS = {"accuracy": "How many validation texts are right?"}


def _metric_chart(metric: Metric) -> _Chart:
    title = _QUESTIONS.get(metric.name, f"{metric.title} on validation texts")
    hover, ticks = ("%{y:.1%}", ".0%") if metric.share else ("%{y:.3f}", None)
    return _Chart(metric.name, title, f"validation {metric.title.lower()}", hover, ticks, "lines+markers")


_CHARTS = (_LOSS, *(_metric_chart(kind.main_metric) for kind in TASK_TYPES.values()))


def learning_figures(curves: Curves) -> list[go.Figure]:
    """Loss and the task's main metric over the steps, both models in one chart; a chart without a point is left out."""
    figures = [_figure(chart, curves) for chart in _CHARTS]
    return [figure for figure in figures if figure.data]


def curves_table(curves: Curves) -> pd.DataFrame:
    """Every point of every curve: columns `series`, `step`, `value`."""
    rows = [(series, step, value) for series, points in curves.items() for step, value in points]
    return pd.DataFrame(rows, columns=["series", "step", "value"])


def _figure(chart: _Chart, curves: Curves) -> go.Figure:
    figure = go.Figure()
    for model, (name, colour, dash) in _MODELS.items():
        points = [point for point in curves.get(f"{model}/{chart.metric}", ()) if math.isfinite(point[1])]
        if points:
            figure.add_scatter(
                x=[step for step, _ in points],
                y=[value for _, value in points],
                name=name,
                mode=chart.mode,
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 7},
                hovertemplate=f"step %{{x}}: {chart.hover}",
            )
    figure.update_layout(
        title={"text": chart.title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
        xaxis={"title": {"text": "optimiser step"}, "rangemode": "tozero", "showgrid": False},
        yaxis={"title": {"text": chart.axis}, "tickformat": chart.tick_format},
        legend={"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 56, "b": 8},
        uirevision="kept",  # a live update leaves zoom and hidden lines as they are
    )
    return figure
