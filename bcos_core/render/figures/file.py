"""A figure as a file: vector SVG and PDF with text as text in fonts that they carry, or PNG.

Matplotlib keeps settings for the whole process and is not made for threads: whoever draws holds `drawing`.
"""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfPages
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

from bcos_core.render.figures.fonts import FAMILY, font_faces

PNG_DPI = 300
_DRAWING = threading.RLock()
_SETTINGS: dict[Any, Any] = {
    "pdf.fonttype": 42,  # TrueType, cut down to the letters used
    "svg.fonttype": "none",  # text, not outlines; `font_faces` adds the fonts
    "svg.hashsalt": "bcos",  # the same figure is the same file
    "text.parse_math": False,  # a dollar is a dollar
    "text.usetex": False,
    "font.family": [FAMILY],
    "axes.unicode_minus": True,
}


@contextmanager
def drawing() -> Iterator[None]:
    """In which figures are made and saved: one thread at a time, under this module's settings."""
    with _DRAWING, matplotlib.rc_context({**matplotlib.rcParamsDefault, **_SETTINGS}), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters without a glyph, which `fonts.font` has refused
        yield


def svg(figure: Figure) -> bytes:
    """The figure as SVG, with the letters of its fonts in it."""
    out = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    head, mark, rest = out.getvalue().decode("utf-8").partition('<style type="text/css">')
    return f"{head}{mark}{font_faces(texts_of(figure))}{rest}".encode()


def pdf(figures: Iterable[Figure]) -> bytes:
    """The figures as PDF, one a page."""
    out = io.BytesIO()
    with PdfPages(out, metadata={"CreationDate": None, "Creator": None, "Producer": None}) as pages:
        for figure in figures:
            FigureCanvasPdf(figure)
            pages.savefig(figure)
    return out.getvalue()


def png(figure: Figure) -> bytes:
    """The figure as PNG, 300 pixels an inch."""
    out = io.BytesIO()
    figure.set_dpi(PNG_DPI)
    FigureCanvasAgg(figure).print_png(out)
    return out.getvalue()


def texts_of(figure: Figure) -> list[Text]:
    """Everything that is written in the figure."""
    found = figure.findobj(Text)
    return [one for one in found if isinstance(one, Text) and one.get_visible() and one.get_text()]
