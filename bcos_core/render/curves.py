"""Learning curves of a job as Plotly figures; each kind of model keeps one colour everywhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from bcos_core.numbers import number, percent
from bcos_core.render.axis import share_axis
from bcos_core.render.figure_text import figure_text
from bcos_core.tasks.next_token import PERPLEXITY
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import Metric

Curves = Mapping[str, Sequence[tuple[int, float]]]

# Readable on white and on black, and told apart by their dashes alone.
MODEL_LINES = {
    "bcos": ("B-cos", "#12908e", "solid"),
    "conventional": ("conventional", "#8a7fb0", "dash"),
}
"""What the models of a pair are called, and the colour and dash of their lines, by kind."""
_LOSS = "loss"
_HEIGHT = 290
_QUESTIONS = {"accuracy": "How many validation texts are right?"}


@dataclass(frozen=True)
class _Line:
    name: str
    colour: str
    dash: str
    points: Sequence[tuple[int, float]]


@dataclass(frozen=True)
class _Chart:
    title: str
    axis: str
    mode: str
    about: str = ""
    share: bool = False

    def written(self, value: float) -> str:
        return percent(value) if self.share else number(value)


Lines = Mapping[str, tuple[str, str, str, Curves]]
"""What is drawn: for each key its name, colour and dash, and the curves that it is looked for in. The key begins with
the name of a model in a series, "bcos/…"."""


def learning_figures(curves: Curves) -> list[go.Figure]:
    """The loss and the task's main metric over the steps; a chart without a point is left out.

    Both models are in one chart where they are measured by one thing. Two losses of different names, such as
    cross-entropy and binary cross-entropy, are not: each has a chart of its own.
    """
    return _figures({model: (*look, curves) for model, look in MODEL_LINES.items()})


def runs_figures(runs: Mapping[str, Curves]) -> list[go.Figure]:
    """The curves of two trainings over each other, by what these are called: as in `learning_figures`, each training in
    a colour of its own, and its conventional model dashed."""
    colours = [colour for _, colour, _ in MODEL_LINES.values()]
    lines: dict[str, tuple[str, str, str, Curves]] = {}
    for colour, (run, curves) in zip(colours, runs.items(), strict=False):
        for model, (title, _, dash) in MODEL_LINES.items():
            lines[f"{model}/{run}"] = (figure_text(f"{run} · {title}"), colour, dash, curves)
    return _figures(lines)


def curves_table(curves: Curves) -> pd.DataFrame:
    """Every point of every curve: columns `series`, `step`, `value`."""
    rows = [(series, step, value) for series, points in curves.items() for step, value in points]
    return pd.DataFrame(rows, columns=["series", "step", "value"])


def runs_table(runs: Mapping[str, Curves]) -> pd.DataFrame:
    """Every point of every curve of several trainings: columns `training`, `series`, `step`, `value`."""
    tables = [curves_table(curves).assign(training=run) for run, curves in runs.items()]
    return pd.concat(tables, ignore_index=True)[["training", "series", "step", "value"]]


def _figures(lines: Lines) -> list[go.Figure]:
    metrics = [*(kind.main_metric for kind in TASK_TYPES.values()), PERPLEXITY]
    charts = [*_loss_charts(lines), *(_metric_chart(metric, lines) for metric in metrics)]
    figures = [_figure(chart, drawn) for chart, drawn in charts]
    return [figure for figure in figures if figure.data]


def _loss_charts(lines: Lines) -> list[tuple[_Chart, list[_Line]]]:
    """One chart for each loss. A series is called "model/loss: name"; without its name, a loss is like no other."""
    drawn: dict[tuple[str, str], list[_Line]] = {}
    for key, (title, colour, dash, curves) in lines.items():
        for series, points in curves.items():
            model, _, measured = series.partition("/")
            what, _, name = measured.partition(": ")
            if model == key.partition("/")[0] and what == _LOSS:
                drawn.setdefault((name, "" if name else key), []).append(_Line(title, colour, dash, points))
    return [
        (_Chart("Does the loss still fall?", "training loss", "lines", about=name), found)
        for (name, _), found in drawn.items()
    ]


def _metric_chart(metric: Metric, lines: Lines) -> tuple[_Chart, list[_Line]]:
    chart = _Chart(
        _QUESTIONS.get(metric.name, f"{metric.title} on validation texts"),
        f"validation {metric.phrase}",
        "lines+markers",
        share=metric.share,
    )
    return chart, [
        _Line(title, colour, dash, curves.get(f"{key.partition('/')[0]}/{metric.name}", ()))
        for key, (title, colour, dash, curves) in lines.items()
    ]


def _figure(chart: _Chart, lines: Sequence[_Line]) -> go.Figure:
    figure = go.Figure()
    for line in lines:
        points = [point for point in line.points if math.isfinite(point[1])]
        if points:
            figure.add_scatter(
                x=[step for step, _ in points],
                y=[value for _, value in points],
                name=line.name,
                mode=chart.mode,
                line={"color": line.colour, "dash": line.dash, "width": 2},
                marker={"size": 7},
                cliponaxis=False,  # a mark at 100 % is drawn whole
                text=[chart.written(value) for _, value in points],
                hovertemplate="step %{x}: %{text}",
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
        yaxis={"title": {"text": chart.axis}, **(share_axis() if chart.share else {})},
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        showlegend=True,
        height=_HEIGHT,
        margin={"l": 8, "r": 8, "t": 86, "b": 8},
        uirevision="kept",  # a live update leaves zoom and hidden lines as they are
    )
    return figure
