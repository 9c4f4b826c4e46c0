"""What a screen can be taken away as: one entry a kind of file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bcos_core.attribution.citations import bibtex
from bcos_core.errors import InputError
from bcos_core.later import Later
from bcos_core.registry import Registry
from bcos_core.render.csv_file import csv_file
from bcos_core.render.html import sheet_html
from bcos_core.render.latex import sheet_latex
from bcos_core.render.markdown import sheet_markdown
from bcos_core.render.sheet import Sheet
from bcos_core.render.sheet_data import sheet_json, sheet_table
from bcos_core.text.decode import encodable


@dataclass(frozen=True)
class Format:
    """A kind of file: its name on the command line, its title for a person, how its files end, its type for a browser.
    `write` makes the bytes of a file from sheets, one a text; `several` says whether it takes more than one."""

    name: str
    title: str
    ending: str
    mime: str
    write: Callable[[Sequence[Sheet]], bytes]
    several: bool = True

    def file(self, sheets: Sequence[Sheet]) -> bytes:
        """The bytes of the file.

        Raises:
            InputError: several sheets for a picture, or letters that no font here has.
        """
        if len(sheets) > 1 and not self.several:
            raise InputError(f"A file of {self.title} shows one text; {len(sheets)} were given. Choose PDF or HTML.")
        return self.write(sheets)


def format_of(ending: str) -> str | None:
    """The name of the format whose files end like that (".tex"); None for another ending."""
    return next((one.name for one in FORMATS.values() if f".{one.ending}" == ending.lower()), None)


def _text(make: Callable[..., str]) -> Callable[[Sequence[Sheet]], bytes]:
    return lambda sheets: encodable(make(*sheets)).encode("utf-8")


def _citations(*sheets: Sheet) -> str:
    return bibtex(dict.fromkeys(panel.record.method for sheet in sheets for _, _, panel in sheet.panels()))


_heatmap = Later("bcos_core.render.figures.heatmap", "heatmap_file")  # Matplotlib takes half a second

FORMATS: Registry[Format] = Registry("format")
for _format in (
    Format("html", "HTML page", "html", "text/html", _text(sheet_html)),
    Format("svg", "SVG figure", "svg", "image/svg+xml", partial(_heatmap, kind="svg"), several=False),
    Format("pdf", "PDF figure", "pdf", "application/pdf", partial(_heatmap, kind="pdf")),
    Format("png", "PNG figure", "png", "image/png", partial(_heatmap, kind="png"), several=False),
    Format("latex", "LaTeX", "tex", "application/x-tex", _text(sheet_latex)),
    Format("markdown", "Markdown", "md", "text/markdown", _text(sheet_markdown)),
    Format("csv", "CSV table", "csv", "text/csv", lambda sheets: csv_file(sheet_table(*sheets))),
    Format("json", "JSON records", "json", "application/json", _text(sheet_json)),
    Format("bibtex", "BibTeX of the methods", "bib", "application/x-bibtex", _text(_citations)),
):
    FORMATS.register(_format.name, _format)
