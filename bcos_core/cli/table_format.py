"""A table that a command prints: for a person, for a paper, for a spreadsheet."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("text", "markdown", "csv")


def add_format(parser: argparse._ActionsContainer) -> None:
    """Add `--format`."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="of the table (default: text)")


def table_in(form: str, table: pd.DataFrame, shown: pd.DataFrame, said: Sequence[str] = ()) -> str:
    """In one of the `FORMATS`: all of `table` as CSV; what is `shown` of it as text or Markdown, with what there is to
    be `said` about it."""
    from bcos_core.render.csv_file import csv_file
    from bcos_core.render.latex import written
    from bcos_core.render.markdown import markdown_table

    if form == "csv":
        return csv_file(table).decode("utf-8-sig").rstrip()
    if form == "markdown":
        return markdown_table(shown, " ".join(said)).rstrip()
    cells = ([written(cell) for cell in row] for row in shown.itertuples(index=False))  # each column in its own type
    rows = [[str(name) for name in shown.columns], *cells]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([*lines, *said])
