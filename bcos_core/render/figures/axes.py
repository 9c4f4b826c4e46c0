"""The axes of a chart: categories and their places, ranges, numbers and titles."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import FuncFormatter, MultipleLocator, NullFormatter

from bcos_core.render.colour import mix
from bcos_core.render.figures.fonts import font
from bcos_core.render.figures.plotly_text import plain_text
from bcos_core.render.palette import PAGE_BACKGROUND, PAGE_TEXT

TEXT = PAGE_TEXT["light"]
QUIET, LINE = (mix(PAGE_BACKGROUND["light"], TEXT, share) for share in (0.75, 0.2))
_LONGEST = {"x": 18, "y": 34}  # characters of a category's name in a line


class Places:
    """Where the categories of a chart stand: 0, 1, 2 … in the order in which they come; numbers where they are."""

    def __init__(self, traces: Iterable[dict[str, Any]]) -> None:
        self.names: dict[str, dict[str, int]] = {"x": {}, "y": {}}
        for trace in traces:
            for axis, known in self.names.items():
                values = trace.get(axis)
                for value in () if values is None else values:
                    if isinstance(value, str):
                        known.setdefault(value, len(known))

    def __call__(self, axis: str, values: Any, count: int = 0) -> list[float]:
        """The places of `values` on an axis; without values, those of `count` things."""
        if values is None:
            return [float(place) for place in range(count)]
        known = self.names[axis]
        return [float(known[one]) if isinstance(one, str) else _number(one) for one in values]


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def finish_axes(axes: Axes, layout: dict[str, Any], places: Places, size: float) -> None:
    """What the layout says of both axes, in letters of `size` points."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(LINE)
    axes.set_axisbelow(True)
    for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
        said = layout.get(f"{name}axis") or {}
        if said.get("type") == "log":
            _call(axes, f"set_{name}scale", "log")
            axis.set_major_formatter(FuncFormatter(lambda value, place: f"{value:,g}"))
            axis.set_minor_formatter(NullFormatter())
        _numbers(axis, said, places.names[name], _LONGEST[name])
        _range(axes, name, said, places.names[name])
        title = plain_text((said.get("title") or {}).get("text") or "")
        if title:
            axis.set_label_text(title, fontproperties=font(title, size), color=QUIET)
        if said.get("showgrid", True) and not places.names[name]:
            axis.grid(color=LINE, linewidth=0.5)
        axis.set_tick_params(labelsize=size, color=LINE, labelcolor=QUIET, which="both")


def _numbers(axis: Axis, said: dict[str, Any], names: dict[str, int], longest: int) -> None:
    if said.get("showticklabels") is False:
        axis.set_ticks([])
    elif said.get("tickvals") is not None and said.get("ticktext") is not None:
        _label(axis, [float(value) for value in said["tickvals"]], said["ticktext"], longest)
    elif names:
        _label(axis, [float(place) for place in names.values()], names, longest)
    else:
        if said.get("tickformat"):
            axis.set_major_formatter(_Written(said["tickformat"]))
        if said.get("dtick") and said.get("type") != "log":
            axis.set_major_locator(MultipleLocator(float(said["dtick"])))


def _label(axis: Axis, places: Sequence[float], names: Iterable[object], longest: int) -> None:
    axis.set_ticks(places, labels=[wrapped(plain_text(name), longest) for name in names])


class _Written(FuncFormatter):
    """Numbers in D3's format, which is Python's as far as charts use it (".0%", ",.0f", "+.2f"); one decimal more where
    two neighbours would be the same."""

    def __init__(self, spec: str) -> None:
        self.spec = spec
        super().__init__(lambda value, place: format(value, self.spec).replace("-", "\N{MINUS SIGN}"))

    def format_ticks(self, values: list[float]) -> list[str]:
        written = list(super().format_ticks(values))
        if len(set(written)) == len(set(values)) or not (decimals := re.search(r"\.(\d)", self.spec)):
            return written
        self.spec = self.spec.replace(decimals[0], f".{int(decimals[1]) + 1}")
        return list(super().format_ticks(values))


def wrapped(text: str, characters: int) -> str:
    """A text in lines of so many characters."""
    return "\n".join(part for line in text.split("\n") for part in textwrap.wrap(line, characters) or [""])


def _range(axes: Axes, name: str, said: dict[str, Any], names: dict[str, int]) -> None:
    low, high = _call(axes, f"get_{name}lim")
    if said.get("range") is not None:
        low, high = (float(end) for end in said["range"])
        if said.get("type") == "log":  # Plotly gives exponents
            low, high = 10**low, 10**high
    elif said.get("rangemode") == "tozero":
        low, high = min(0.0, low), max(0.0, high)
    elif names:
        low, high = -0.5, len(names) - 0.5
    if said.get("autorange") == "reversed" and low < high:
        low, high = high, low
    _call(axes, f"set_{name}lim", low, high)


def _call(axes: Axes, name: str, *values: Any) -> Any:
    return getattr(axes, name)(*values)
