"""What a figure is drawn on: rectangles, lines and texts at points from the upper left corner."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from bcos_core.render.figures.fonts import font

POINTS = 72  # an inch


class Canvas:
    """Collects what is drawn; the figure is made of it once its height is known."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[Figure, float], None]] = []

    def rectangle(self, left: float, top: float, width: float, height: float, colour: str, *, hatch: str = "") -> None:
        """A filled rectangle; with a `hatch` an empty one, striped in its colour."""

        def draw(figure: Figure, full: float) -> None:
            corner = (left / POINTS, (full - top - height) / POINTS)
            patch = Rectangle(
                corner,
                width / POINTS,
                height / POINTS,
                transform=figure.dpi_scale_trans,
                facecolor="none" if hatch else colour,
                edgecolor=colour if hatch else "none",
                hatch=hatch,
                linewidth=0.5 if hatch else 0,
            )
            figure.add_artist(patch)

        self._waiting.append(draw)

    def line(
        self, ends: tuple[float, float, float, float], colour: str, *, width: float = 0.6, dotted: bool = False
    ) -> None:
        """A line from (x, y) to (x, y)."""

        def draw(figure: Figure, full: float) -> None:
            x0, y0, x1, y1 = ends
            figure.add_artist(
                Line2D(
                    [x0 / POINTS, x1 / POINTS],
                    [(full - y0) / POINTS, (full - y1) / POINTS],
                    transform=figure.dpi_scale_trans,
                    color=colour,
                    linewidth=width,
                    linestyle=(0, (1, 1.5)) if dotted else "-",
                )
            )

        self._waiting.append(draw)

    def text(self, left: float, baseline: float, text: str, size: float, colour: str, *, bold: bool = False) -> None:
        """A text on its baseline.

        Raises:
            InputError: no font on this machine has some of the letters.
        """
        chosen = font(text, size, bold=bold)

        def draw(figure: Figure, full: float) -> None:
            figure.text(
                left / POINTS,
                (full - baseline) / POINTS,
                text,
                transform=figure.dpi_scale_trans,
                fontproperties=chosen,
                color=colour,
                ha="left",
                va="baseline",
            )

        self._waiting.append(draw)

    def figure(self, width: float, height: float) -> Figure:
        """The figure, `width` by `height` points."""
        made = Figure(figsize=(width / POINTS, height / POINTS))
        for draw in self._waiting:
            draw(made, height)
        return made
