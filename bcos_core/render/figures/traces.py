"""The traces of a Plotly chart, drawn on Matplotlib's axes: one function a type, in `TRACES`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from bcos_core.render.figures.axes import TEXT, Places
from bcos_core.render.figures.fonts import font
from bcos_core.render.figures.plotly_text import plain_text

Trace = dict[str, Any]
_POINTS = 0.75  # a pixel of the screen, in points
_DASHES = {
    "solid": "-",
    "dash": "--",
    "dot": ":",
    "dashdot": "-.",
    "longdash": (0, (8, 3)),
    "longdashdot": (0, (8, 3, 2, 3)),
}
_MARKERS = {
    "circle": "o",
    "diamond": "D",
    "square": "s",
    "triangle-up": "^",
    "triangle-down": "v",
    "x": "X",
    "cross": "P",
    "star": "*",
    "line-ns": "|",
}
_STEPS = {"hv": "steps-post", "vh": "steps-pre", "hvh": "steps-mid"}
_LABEL = 7.5
_PLACES = {"top": ("bottom", 3), "middle": ("center", 0), "bottom": ("top", -3)}


def colour(given: Any, opacity: float | None = None) -> Any:
    """A colour as Plotly writes it ("#12908e", "rgba(18, 144, 142, 0.2)", a name), None for none."""
    if given is None or not isinstance(given, str):
        return None
    if given.startswith("rgb"):
        parts = [float(part) for part in given[given.index("(") + 1 : given.rindex(")")].split(",")]
        red, green, blue, alpha = (*parts, 1.0)[:4]
        return (red / 255, green / 255, blue / 255, alpha if opacity is None else alpha * opacity)
    return to_rgba(given, opacity)


def scatter(axes: Axes, trace: Trace, places: Places, share: tuple[int, int]) -> None:
    """Lines, markers and texts at points, with what surrounds them: errors, the area up to the line before."""
    count = len(_listed(trace.get("y"), trace.get("x")))
    x, y = places("x", trace.get("x"), count), places("y", trace.get("y"), count)
    mode = trace.get("mode") or "lines+markers"
    if trace.get("fill") in ("tonexty", "toself", "tozeroy"):
        _filled(axes, trace, x, y)
    drawn = axes.plot(
        x,
        y,
        label=plain_text(trace["name"]) if trace.get("name") and trace.get("showlegend", True) else None,
        alpha=trace.get("opacity"),
        clip_on=trace.get("cliponaxis", True) is not False,
        zorder=3,
        **(_line(trace.get("line") or {}) if "lines" in mode else {"linestyle": "none"}),
        **(_marker(trace.get("marker") or {}) if "markers" in mode else {}),
    )[0]
    drawn.set_in_layout(False)  # a line lies within the axes
    _errors(axes, trace, x, y, drawn.get_markerfacecolor() if "markers" in mode else drawn.get_color())
    if "text" in mode:
        where, _, side = str(trace.get("textposition") or "middle center").partition(" ")
        for at, up, text in zip(x, y, _listed(trace.get("text")), strict=False):
            if text:
                _written(axes, at, up, plain_text(text), where, side)


def _line(line: Trace) -> Trace:
    """Plotly's line as Matplotlib names it."""
    style = {
        "linestyle": _DASHES[line.get("dash") or "solid"],
        "linewidth": _POINTS * line.get("width", 2),
        "drawstyle": _STEPS.get(str(line.get("shape")), "default"),
    }
    return style | ({"color": colour(line["color"])} if line.get("color") else {})


def _marker(marker: Trace) -> Trace:
    """Plotly's marker as Matplotlib names it."""
    symbol, size = str(marker.get("symbol", "circle")), marker.get("size", 6)
    style: Trace = {
        "marker": _MARKERS.get(symbol.removesuffix("-open"), "o"),
        "markersize": _POINTS * (size if isinstance(size, int | float) else 6),
    }
    if isinstance(chosen := marker.get("color"), str):
        style |= {"markeredgecolor": colour(chosen), "markerfacecolor": colour(chosen)}
    return style | ({"markerfacecolor": "white"} if symbol.endswith("-open") else {})


def _written(axes: Axes, x: float, y: float, text: str, where: str, side: str) -> None:
    vertical, up = _PLACES.get(where, ("center", 0))
    axes.annotate(
        text,
        (x, y),
        (0, up),
        textcoords="offset points",
        ha={"left": "right", "right": "left"}.get(side, "center"),
        va=vertical,
        fontproperties=font(text, _LABEL),
        color=TEXT,
    )


def _errors(axes: Axes, trace: Trace, x: list[float], y: list[float], chosen: Any) -> None:
    for name in ("x", "y"):
        error = trace.get(f"error_{name}") or {}
        if error.get("array") is None or error.get("visible") is False:
            continue
        up = [_finite(one) for one in error["array"]]
        down = [_finite(one) for one in error.get("arrayminus", ())] if error.get("symmetric") is False else up
        axes.errorbar(
            x,
            y,
            xerr=[down, up] if name == "x" else None,
            yerr=[down, up] if name == "y" else None,
            fmt="none",
            ecolor=colour(error.get("color")) or chosen,
            elinewidth=_POINTS * error.get("thickness", 2),
            capsize=_POINTS * error.get("width", 4),
            zorder=2,
        )


def _filled(axes: Axes, trace: Trace, x: list[float], y: list[float]) -> None:
    """An area: what the trace encloses, or what lies between it and the line before (or zero)."""
    line = trace.get("line") or {}
    area = colour(trace.get("fillcolor")) or colour(line.get("color"), 0.2)
    if trace["fill"] == "toself":
        axes.fill(x, y, color=area, linewidth=0, zorder=1)
        return
    before = axes.lines[-1].get_ydata() if trace["fill"] == "tonexty" and axes.lines else np.zeros(len(x))
    axes.fill_between(x, y, np.asarray(before, dtype=float), color=area, linewidth=0, zorder=1)


def bar(axes: Axes, trace: Trace, places: Places, share: tuple[int, int]) -> None:
    """Bars; of several traces, each takes its share of a place."""
    flat = trace.get("orientation") == "h"
    along, across = ("y", "x") if flat else ("x", "y")
    values = places(across, trace.get(across))
    at = places(along, trace.get(along), len(values))
    index, of = share
    given = trace.get("width")
    widths = np.full(len(at), 0.8 / of) if given is None else np.broadcast_to(np.asarray(given, float), len(at)) / of
    middles = np.asarray(at) + (index - (of - 1) / 2) * widths
    draw: Callable[..., Any] = axes.barh if flat else axes.bar
    name = plain_text(trace["name"]) if trace.get("name") else None
    draw(middles, values, widths, label=name, color=_bar_colour(trace), alpha=trace.get("opacity"), zorder=2)
    for name_, at_, value in zip(_listed(trace.get("text")), middles, values, strict=False):
        text = plain_text(name_)
        point = (value, at_) if flat else (at_, value)
        axes.annotate(
            text,
            point,
            (3, 0) if flat else (0, 3),
            textcoords="offset points",
            ha="left" if flat else "center",
            va="center" if flat else "bottom",
            fontproperties=font(text, _LABEL),
            color=TEXT,
        )


def _bar_colour(trace: Trace) -> Any:
    given = (trace.get("marker") or {}).get("color")
    return [colour(one) for one in given] if isinstance(given, list | tuple) else colour(given)


def histogram(axes: Axes, trace: Trace, places: Places, share: tuple[int, int]) -> None:
    """How often values fall into bins of one width."""
    axes.hist(
        places("x", trace.get("x")), bins=trace.get("nbinsx") or 10, color=_bar_colour(trace), rwidth=0.95, zorder=2
    )


def heatmap(axes: Axes, trace: Trace, places: Places, share: tuple[int, int]) -> None:
    """A matrix of coloured fields, vector ones, with what is written into them."""
    values = np.array([[math.nan if one is None else float(one) for one in row] for row in trace["z"]])
    rows, columns = values.shape
    x, y = places("x", trace.get("x"), columns), places("y", trace.get("y"), rows)
    scale = LinearSegmentedColormap.from_list("scale", [(float(at), colour(one)) for at, one in trace["colorscale"]])
    gap = 0.04 if trace.get("xgap") or trace.get("ygap") else 0.0
    axes.pcolormesh(
        np.arange(columns + 1) - 0.5,
        np.arange(rows + 1) - 0.5,
        np.ma.masked_invalid(values),
        cmap=scale,
        vmin=trace.get("zmin"),
        vmax=trace.get("zmax"),
        edgecolor="white" if gap else "face",
        linewidth=1.5 if gap else 0,
    )
    letters = colour((trace.get("textfont") or {}).get("color")) or TEXT
    written = _listed(trace.get("text")) if trace.get("texttemplate") else ()  # else it is for hover alone
    for row, line in zip(y, written, strict=False):
        for column, one in zip(x, line, strict=False):
            text = plain_text(one)
            axes.text(column, row, text, ha="center", va="center", fontproperties=font(text, _LABEL), color=letters)


def _listed(*values: Any) -> list[Any]:
    """The first that is given, as a list."""
    found = next((one for one in values if one is not None), ())
    return [found] if isinstance(found, str) else list(found)


def _finite(value: Any) -> float:
    return float(value) if value is not None and math.isfinite(value) else 0.0


TRACES: dict[str, Callable[[Axes, Trace, Places, tuple[int, int]], None]] = {
    "scatter": scatter,
    "bar": bar,
    "histogram": histogram,
    "heatmap": heatmap,
}
"""What is drawn of each type of trace: on which axes, the trace, the places of categories, and of bars which of how
many share a place."""
