"""Deletion and insertion curves drawn: mean probability as top tokens go and come, each with its band."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import plotly.graph_objects as go

from bcos_core.evaluate.case import TENTHS
from bcos_core.evaluate.probability import what_is_measured
from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.numbers import percent
from bcos_core.render.axis import share_axis
from bcos_core.render.figure_text import figure_text
from bcos_core.render.methods import method_colour, method_title

_SHARES = [0.0, *(tenth / 10 for tenth in TENTHS), 1.0]
DASHES = {"solid": "", "dash": "7 4", "dot": "2 3", "dashdot": "7 3 2 3"}
"""Plotly's names of them, one for each model, and the same for SVG."""
OPACITY, ALL_BANDS = 0.16, 0.8  # of one band, and of all of them over each other
_CURVES = {
    "deletion": ("Does p fall when the top tokens go?", "top tokens removed"),
    "insertion": ("Does p rise when the top tokens come?", "top tokens kept"),
}


def p_in_words(evaluation: Evaluation) -> str:
    """What p is, and what the bands are."""
    protocols = (protocol for one in evaluation.contenders for protocol in one.protocols.values())
    target = next((str(protocol["target"]) for protocol in protocols if "removal" in protocol), "")
    bands = any(one.bands for one in evaluation.contenders)
    said = (
        "Bands: 95 % intervals over the texts, point by point."
        if bands
        else "No bands: this was measured before they were kept. Evaluate again: nothing is measured twice."
    )
    return f"p is {what_is_measured(evaluation.spec['probability'], target)}, its mean over the texts. {said}"


def curve_legend(evaluation: Evaluation, hidden: Collection[str]) -> list[dict[str, Any]]:
    """The entries of the one legend of both charts: the line of each contender, and whether it is shown."""
    return [
        {
            "id": one.id,
            "title": _title(evaluation, one),
            "colour": method_colour(one.method),
            "dash": DASHES[_dash(evaluation, one)],
            "shown": one.id not in hidden,
        }
        for one in evaluation.contenders
        if one.curves
    ]


def curve_figures(evaluation: Evaluation, hidden: Collection[str] = ()) -> dict[str, go.Figure]:
    """Chart by name, one line with its band for each contender that is not `hidden` (ids); no chart without a line."""
    figures = {}
    for name, (title, axis) in _CURVES.items():
        figure = go.Figure()
        shown = [one for one in evaluation.contenders if name in one.curves and one.id not in hidden]
        banded = [one for one in shown if name in one.bands]
        for one in banded:  # under all lines, and the paler the more there are
            _add_band(figure, one, name, min(OPACITY, ALL_BANDS / len(banded)))
        for one in shown:
            _add_line(figure, evaluation, one, name)
        if not figure.data:
            continue
        figure.update_layout(
            title={"text": title, "font": {"size": 14}, "x": 0, "xanchor": "left"},
            xaxis={"title": {"text": axis}, **share_axis()},
            yaxis={"title": {"text": "mean p"}},
            showlegend=False,  # one legend of both charts stands over them
            height=360,
            margin={"l": 8, "r": 16, "t": 44, "b": 8},
        )
        figures[name] = figure
    return figures


def with_legend(figure: go.Figure) -> go.Figure:
    """The same chart by itself, as a picture: the names of its lines in it."""
    return go.Figure(figure).update_layout(showlegend=True)


def pale(colour: str, opacity: float) -> str:
    """A hex colour, of which a little is left over others."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:.3g})"


def _add_band(figure: go.Figure, one: Contender, name: str, opacity: float) -> None:
    bands = _bands(one, name)
    figure.add_scatter(
        x=[*_SHARES, *reversed(_SHARES)],
        y=[*(high for _, high in bands), *(low for low, _ in reversed(bands))],
        fill="toself",
        fillcolor=pale(method_colour(one.method), opacity),
        mode="lines",
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )


def _add_line(figure: go.Figure, evaluation: Evaluation, one: Contender, name: str) -> None:
    title = figure_text(_title(evaluation, one))
    figure.add_scatter(
        x=_SHARES,
        y=list(one.curves[name]),
        customdata=_bands(one, name),
        text=[percent(share, decimals=0) for share in _SHARES],
        name=title,
        mode="lines+markers",
        line={"color": method_colour(one.method), "width": 2, "dash": _dash(evaluation, one)},
        hovertemplate=f"{title}<br>%{{text}}: %{{y:.3f}}"
        + (" (%{customdata[0]:.3f} to %{customdata[1]:.3f})" if name in one.bands else "")
        + "<extra></extra>",
    )


def _bands(one: Contender, name: str) -> list[tuple[float, float]]:
    """The ends of each point's interval; the point itself where it has none."""
    means = one.curves[name]
    bands = one.bands.get(name, [None] * len(means))
    return [band or (mean, mean) for mean, band in zip(means, bands, strict=True)]


def _title(evaluation: Evaluation, one: Contender) -> str:
    several = len({other.checkpoint for other in evaluation.contenders}) > 1
    return method_title(one.method) + (f" · {one.checkpoint}" if several else "")


def _dash(evaluation: Evaluation, one: Contender) -> str:
    """Each model has its own."""
    models = list(dict.fromkeys(other.checkpoint for other in evaluation.contenders))
    return list(DASHES)[models.index(one.checkpoint) % len(DASHES)]
