"""A chart of a page as a figure for a paper: what the Plotly figure says, drawn by Matplotlib.

A chart is described once, as a Plotly figure. This file reads that description: scatter, bar, histogram and heatmap
traces on one pair of axes, with their errors, bands, names, lines across and notes. What it does not know it refuses.
"""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bcos_core.errors import InputError
from bcos_core.render.figures import file
from bcos_core.render.figures.axes import LINE, QUIET, TEXT, Places, finish_axes, wrapped
from bcos_core.render.figures.fonts import font
from bcos_core.render.figures.plotly_text import plain_text
from bcos_core.render.figures.traces import TRACES

WIDTH = 6.5
"""Inches: the text of a page."""
_ANCHORS = {name: name for name in ("left", "right", "top", "bottom")}
_PIXELS = 96  # an inch of the screen
_USUAL_HEIGHT = 360
_LABEL, _TITLE = 8, 9.5  # points
_LETTERS_PER_INCH = 11  # of a title


def chart_file(chart: go.Figure, kind: str, *, width: float = WIDTH) -> bytes:
    """The chart as "svg", "pdf" or "png", `width` inches wide, dark on white.

    Raises:
        InputError: it holds something that this file cannot draw, or letters of which no font is there.
    """
    with file.drawing():
        figure = draw_chart(chart, width)
        return {"svg": file.svg, "pdf": lambda one: file.pdf([one]), "png": file.png}[kind](figure)


def checked_chart(chart: go.Figure) -> None:
    """Whether the chart can be a file, without making one.

    Raises:
        InputError: it holds something that this file cannot draw, or letters of which no font is there.
    """
    with file.drawing():
        draw_chart(chart)


def draw_chart(chart: go.Figure, width: float = WIDTH) -> Figure:
    """The chart as a Matplotlib figure; call it while `file.drawing` is held.

    Raises:
        InputError: it holds something that this file cannot draw, or letters of which no font is there.
    """
    layout, traces = chart.layout.to_plotly_json(), [trace.to_plotly_json() for trace in chart.data]
    for trace in traces:
        if trace.get("type", "scatter") not in TRACES:
            known = ", ".join(TRACES)
            raise InputError(f"A chart with {trace['type']!r} cannot be saved as a picture; known are {known}.")
    if any(name.startswith(("xaxis", "yaxis")) and name[5:] for name in layout):
        raise InputError("A chart of several axes cannot be saved as a picture. Save its data.")
    height = (layout.get("height") or _USUAL_HEIGHT) / _PIXELS
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    places = Places(traces)
    groups = [trace for trace in traces if trace.get("type") == "bar"]
    overlaid = layout.get("barmode") in ("overlay", "relative", "stack")
    for trace in traces:
        share = (0, 1) if overlaid or trace not in groups else (groups.index(trace), len(groups))
        TRACES[trace.get("type", "scatter")](axes, trace, places, share)
    _lines_across(axes, layout.get("shapes", ()))
    for note in layout.get("annotations", ()):
        _note(axes, note)
    finish_axes(axes, layout, places, _LABEL)
    _title(figure, axes, layout)
    _names(figure, axes, layout, traces)
    _use_fonts(figure)
    return figure


def _title(figure: Figure, axes: Axes, layout: dict[str, Any]) -> None:
    said = layout.get("title") or {}
    title, below = plain_text(said.get("text") or ""), plain_text((said.get("subtitle") or {}).get("text") or "")
    if below:
        axes.set_title(below, loc="left", fontproperties=font(below, _LABEL), color=QUIET)
    if title:
        lines = wrapped(title, int(figure.get_figwidth() * _LETTERS_PER_INCH))
        figure.suptitle(lines, x=0.01, ha="left", fontproperties=font(title, _TITLE, bold=True), color=TEXT)


def _names(figure: Figure, axes: Axes, layout: dict[str, Any], traces: list[dict[str, Any]]) -> None:
    """The legend under the axes, where Plotly would show one."""
    handles, names = axes.get_legend_handles_labels()
    shown = layout.get("showlegend", len([trace for trace in traces if trace.get("showlegend", True)]) > 1)
    if names and shown:
        legend = figure.legend(handles, names, loc="outside lower left", ncols=min(3, len(names)), frameon=False)
        for text in legend.get_texts():
            text.set_fontproperties(font(text.get_text(), _LABEL))


def _lines_across(axes: Axes, shapes: Any) -> None:
    """Straight lines over a whole axis: what `add_hline` and `add_vline` make."""
    for shape in shapes:
        line = shape.get("line") or {}
        style = {
            "color": line.get("color", LINE),
            "linewidth": 0.75 * line.get("width", 1),
            "linestyle": {"dot": ":", "dash": "--"}.get(str(line.get("dash")), "-"),
            "zorder": 1,
        }
        if shape.get("type") != "line":
            raise InputError(f"A chart with the shape {shape.get('type')!r} cannot be saved as a picture.")
        if "domain" in str(shape.get("xref")) or shape.get("xref") == "paper":
            axes.axhline(shape["y0"], **style)
        elif "domain" in str(shape.get("yref")) or shape.get("yref") == "paper":
            axes.axvline(shape["x0"], **style)
        else:
            axes.plot([shape["x0"], shape["x1"]], [shape["y0"], shape["y1"]], **style)


def _note(axes: Axes, note: dict[str, Any]) -> None:
    """A text at a place of the data; where it stands on no axis, at a share of the axes."""
    text = plain_text(note.get("text") or "")
    on_axis = [str(note.get(f"{name}ref") or name) == name for name in ("x", "y")]
    transform = {
        (True, True): axes.transData,
        (True, False): axes.get_xaxis_transform(),
        (False, True): axes.get_yaxis_transform(),
        (False, False): axes.transAxes,
    }[on_axis[0], on_axis[1]]
    axes.text(
        note.get("x", 0),
        note.get("y", 0),
        text,
        transform=transform,
        ha=_ANCHORS.get(str(note.get("xanchor")), "center"),
        va=_ANCHORS.get(str(note.get("yanchor")), "center"),
        fontproperties=font(text, _LABEL),
        color=TEXT,
    )


def _use_fonts(figure: Figure) -> None:
    """Every text that Matplotlib made itself, the numbers of the axes, in a font that has its letters."""
    figure.draw_without_rendering()
    for text in file.texts_of(figure):
        known = text.get_fontproperties()
        bold = known.get_weight() in ("bold", 700)
        text.set_fontproperties(font(text.get_text(), known.get_size_in_points(), bold=bold))
