"""A run's figures as Markdown, CSV and an HTML page that stands alone: tables, protocol, versions, machine."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

import pandas as pd

from bcos_core.numbers import count, duration
from bcos_core.render.csv_file import csv_file
from bcos_core.render.markdown import escaped, markdown_table
from bcos_core.render.report import PAGE_STYLE
from bcos_core.reproduce.report import Report
from bcos_core.reproduce.spec import TITLES
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import to_json

MARKDOWN_FILE, CSV_FILE, HTML_FILE = "figures.md", "figures.csv", "figures.html"


def group_table(report: Report, group: str) -> pd.DataFrame:
    """The figures of a group with their intervals, a row a row; "" where there is none."""
    figures = [one for one in report.figures if one.group == group]
    columns = list(dict.fromkeys(one.column for one in figures))
    rows: dict[str, dict[str, str]] = {}
    for one in figures:
        rows.setdefault(one.row, dict.fromkeys(columns, ""))[one.column] = one.in_words
    return pd.DataFrame([{"": row, **cells} for row, cells in rows.items()])


def long_table(report: Report) -> pd.DataFrame:
    """Every figure in a row of its own."""
    fields = ("name", "group", "row", "column", "value", "low", "high", "unit", "better", "n", "of", "seeds")
    return pd.DataFrame([{field: getattr(one, field) for field in fields} for one in report.figures])


def title_of(report: Report) -> str:
    return f"{TITLES[report.what]}, {report.scale}"


def made(report: Report) -> list[str]:
    """When, how, and on what: a sentence each."""
    machine = "; ".join(f"{name} {value}" for name, value in report.machine.items())
    versions = ", ".join(f"{name} {value}" for name, value in report.versions.items())
    return [
        f"Made {report.made_at[:16].replace('T', ' ')} UTC in {duration(report.seconds)} by `{report.command}`.",
        f"Machine: {machine}.",
        f"Versions: {versions}.",
    ]


def missing(report: Report) -> str:
    """The heading of what is not in the tables."""
    return f"{count(len(report.left_out), 'thing')} left out"


def report_markdown(report: Report) -> str:
    lines = [f"# {escaped(title_of(report))}\n"]
    for group in report.groups:
        lines += [f"## {escaped(group)}\n", markdown_table(group_table(report, group))]
    if report.left_out:
        lines += [f"## {missing(report)}\n", *(f"* {escaped(one.sentence)}" for one in report.left_out), ""]
    lines += ["## How these figures came about\n", *(f"* {escaped(one)}" for one in report.protocol)]
    said = [f"* {one}" if "`" in one else f"* {escaped(one)}" for one in made(report)]
    return "\n".join([*lines, *said, ""])


def report_html(report: Report) -> str:
    """Nothing is loaded, no script runs; every text is escaped."""
    sections = "".join(
        f"<h2>{escape(group)}</h2>\n<div class='wide'>{_table(group_table(report, group))}</div>\n"
        for group in report.groups
    )
    if report.left_out:
        items = "".join(f"<li>{escape(one.sentence)}</li>" for one in report.left_out)
        sections += f"<h2>{missing(report)}</h2>\n<ul>{items}</ul>\n"
    said = "".join(f"<li>{escape(one)}</li>" for one in (*report.protocol, *made(report)))
    title = escape(title_of(report))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{PAGE_STYLE} .wide {{ overflow-x: auto; }}</style></head><body><main>\n"
        f"<h1>{title}</h1>\n{sections}<h2>How these figures came about</h2>\n<ul class='note'>{said}</ul>\n"
        "</main></body></html>\n"
    )


def _table(frame: pd.DataFrame) -> str:
    heads = "".join(f"<th scope='col'>{escape(str(name))}</th>" for name in frame.columns)
    rows = "".join(
        f"<tr><th scope='row'>{escape(first)}</th>"
        + "".join(f"<td class='figure'>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
        for first, *cells in frame.itertuples(index=False)
    )
    return f"<table><tr>{heads}</tr>{rows}</table>"


FORMATS: dict[str, Callable[[Report], bytes]] = {
    "md": lambda report: report_markdown(report).encode(),
    "csv": lambda report: csv_file(long_table(report)),
    "html": lambda report: report_html(report).encode(),
    "json": lambda report: to_json(to_plain(report.to_dict()), "The report", indent=1).encode(),
}
"""What a file is, by how its name ends."""


def report_files(report: Report) -> dict[str, bytes]:
    """The files that lie beside a report in the home."""
    kinds = {MARKDOWN_FILE: "md", CSV_FILE: "csv", HTML_FILE: "html"}
    return {name: FORMATS[kind](report) for name, kind in kinds.items()}
