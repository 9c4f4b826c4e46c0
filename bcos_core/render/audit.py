"""An audit drawn: confusion matrices, reliability diagrams; label by label, and the examples that differ, as tables."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from bcos_core.evaluate.audit import Audit, ChoiceAudit
from bcos_core.evaluate.audit_words import temperature_bound
from bcos_core.evaluate.figures import interval_in_words
from bcos_core.numbers import count, number, percent
from bcos_core.render.figure_text import figure_text
from bcos_core.render.matrix import SEQUENTIAL, square_figure
from bcos_core.tasks.estimates import proportion
from bcos_core.text.examples import Examples
from bcos_core.text.pair import one_line

_FIRST, _AFTER, _IDEAL = "#12908e", "#c2703d", "#8c8c8c"
_TITLE = 60  # pixels: a title, and the model under it


def confusion_figure(name: str, model: ChoiceAudit, labels: tuple[str, ...]) -> go.Figure:
    """Counts, coloured by the share of the actual class."""
    shares = [[texts / max(1, sum(row)) for texts in row] for row in model.confusion]
    written = [
        [f"{texts:,}<br>{percent(share, decimals=0)}" for texts, share in zip(row, part, strict=True)]
        for row, part in zip(model.confusion, shares, strict=True)
    ]
    figure = square_figure(
        "What does it mix up?",
        labels,
        shares,
        written,
        scale=SEQUENTIAL,
        least=0.0,
        hover="labelled %{y}, answered %{x}: %{text}",
    )
    figure.update_layout(
        title={"subtitle": {"text": figure_text(name)}},
        xaxis={"title": {"text": "answer"}},
        yaxis={"title": {"text": "label"}},
        height=166 + 56 * len(labels),
        margin={"t": _TITLE},
    )
    return figure


def reliability_figure(name: str, model: ChoiceAudit) -> go.Figure:
    """Accuracy against confidence, before and after temperature scaling, each with the 95 % interval of its share; the
    dotted line is perfect."""
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "color": _IDEAL, "width": 1},
        hoverinfo="skip",
        showlegend=False,
    )
    for title, reliability, colour, symbol in (
        (f"as it is (ECE {number(model.reliability.ece)})", model.reliability, _FIRST, "circle"),
        (
            f"at temperature {temperature_bound(model.temperature)} (ECE {number(model.rescaled.ece)})",
            model.rescaled,
            _AFTER,
            "diamond",
        ),
    ):
        found = [proportion(one.accuracy, one.count) for one in reliability.bins]
        figure.add_scatter(
            x=[one.confidence for one in reliability.bins],
            y=[one.mean for one in found],
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.mean for one in found],
                "arrayminus": [one.mean - one.low for one in found],
                "thickness": 1,
                "width": 0,
            },
            text=[f"{interval_in_words(one, number)}, {count(one.n, 'text')}" for one in found],
            name=title,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"symbol": symbol, "size": 8},
            cliponaxis=False,
            hovertemplate="confidence %{x:.2f}, accuracy %{y:.2f}, %{text}<extra></extra>",
        )
    figure.update_layout(
        title={
            "text": "Is it as sure as it is right?",
            "font": {"size": 14},
            "x": 0,
            "xanchor": "left",
            "subtitle": {"text": figure_text(name)},
        },
        xaxis={"title": {"text": "confidence (softmax)"}, "range": [0, 1]},
        yaxis={"title": {"text": "accuracy"}, "range": [0, 1]},
        # At the foot of the chart, whatever its width: there it never meets the axis, whose title stands above it.
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom"},
        height=420,
        margin={"l": 8, "r": 8, "t": _TITLE, "b": 104},
    )
    return figure


def outputs_table(audit: Audit) -> pd.DataFrame:
    """Label by label: how many texts have it, and what either model makes of it."""
    first, second = (model.name for model in audit.models)
    return pd.DataFrame(
        [
            {
                audit.kind.output: one.label,
                "texts": one.texts,
                f"F1 of {first}": one.f1[0],
                f"F1 of {second}": one.f1[1],
                f"given by {first} alone": one.only_first,
                f"given by {second} alone": one.only_second,
            }
            for one in audit.outputs
        ]
    )


def differences_table(audit: Audit, test: Examples) -> pd.DataFrame:
    """The examples with different answers, those furthest apart first."""
    first, second = (model.name for model in audit.models)
    return pd.DataFrame(
        [
            {
                "no.": one.index + 1,
                "text": one_line(test.texts[one.index]),
                "label": one.label,
                f"answer of {first}": one.answers[0],
                f"answer of {second}": one.answers[1],
                audit.kind.apart.title.lower(): one.apart,
            }
            for one in audit.differences
        ]
    )
