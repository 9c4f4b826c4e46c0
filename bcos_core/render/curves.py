"""Learning curves of a job as Plotly figures; each kind of model keeps one colour everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from bcos_core.render.axis import share_axis
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import Metric

Curves = Mapping[str, Sequence[tuple[int, float]]]

# Readable on white and on black, and told apart by their dashes alone.
_MODELS = {
    "bcos": ("B-cos", "#12908e", "solid"),
    "conventional": ("conventional", "#8a7fb0", "dash"),
}
_LOSS = "loss"
_HEIGHT = 290
_QUESTIONS = {"accuracy": "How many validation texts are right?"}


@dataclass(frozen=True)
class _Chart:
    """`series` are those of the models that it compares, by model."""

    series: Mapping[str, str]
    title: str
    axis: str
    hover: str
    mode: str
    about: str = ""
    share: bool = False


def learning_figures(curves: Curves) -> list[go.Figure]:
    """The loss and the task's main metric over the steps; a chart without a point is left out.

    Both models are in one chart where they are measured by one thing. Two losses of different names, such as
    cross-entropy and binary cross-entropy, are not: each has a chart of its own.
    """
    metrics = (_metric_chart(kind.main_metric) for kind in TASK_TYPES.values())
    figures = [_figure(chart, curves) for chart in (*_loss_charts(curves), *metrics)]
    return [figure for figure in figures if figure.data]


def curves_table(curves: Curves) -> pd.DataFrame:
    """Every point of every curve: columns `series`, `step`, `value`."""
    rows = [(series, step, value) for series, points in curves.items() for step, value in points]
    return pd.DataFrame(rows, columns=["series", "step", "value"])


def _loss_charts(curves: Curves) -> list[_Chart]:
    """One chart for each loss. A series is called "model/loss: name"; without its name, a loss is like no other."""
    models: dict[str, dict[str, str]] = {}
    for series in curves:
        model, _, measured = series.partition("/")
        what, _, name = measured.partition(": ")
        if model in _MODELS and what == _LOSS:
            models.setdefault(name or model, {})[model] = series
    return [
        _Chart(
            series,
            "Does the loss still fall?",
            "training loss",
            "%{y:.3f}",
            "lines",
            about=name if name not in _MODELS else "",
        )
        for name, series in models.items()
    ]


def _metric_chart(metric: Metric) -> _Chart:
    return _Chart(
        {model: f"{model}/{metric.name}" for model in _MODELS},
        _QUESTIONS.get(metric.name, f"{metric.title} on validation texts"),
        f"validation {metric.title.lower()}",
        "%{y:.1%}" if metric.share else "%{y:.3f}",
        "lines+markers",
        share=metric.share,
    )


def _figure(chart: _Chart, curves: Curves) -> go.Figure:
    figure = go.Figure()
    seen: list[float] = []
    for model, series in chart.series.items():
        name, colour, dash = _MODELS[model]
        points = [point for point in curves.get(series, ()) if math.isfinite(point[1])]
        if points:
            seen += [value for _, value in points]
            figure.add_scatter(
                x=[step for step, _ in points],
                y=[value for _, value in points],
                name=name,
                mode=chart.mode,
                line={"color": colour, "dash": dash, "width": 2},
                marker={"size": 7},
                cliponaxis=False,  # a mark at 100 % is drawn whole
                hovertemplate=f"step %{{x}}: {chart.hover}",
            )
    figure.update_layout(
        title={
            "text": chart.title,
            "subtitle": {"text": chart.about, "font": {"size": 12}},
            "font": {"size": 14},
            "x": 0,
            "xanchor": "left",
            "y": 0.97,
            "yanchor": "top",
        },
        xaxis={"title": {"text": "optimiser step"}, "rangemode": "tozero", "showgrid": False},
        yaxis={"title": {"text": chart.axis}, **(share_axis(seen) if chart.share else {})},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 86, "b": 8},
        uirevision="kept",  # a live update leaves zoom and hidden lines as they are
    )
    return figure
