"""Markdown of a heatmap and of a table: what stays of them where there are no colours."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pandas as pd

from bcos_core.numbers import plus_minus
from bcos_core.render.drawing import drawn_runs, truncation_note
from bcos_core.render.latex import written
from bcos_core.render.printable import printable
from bcos_core.render.sheet import Panel, Sheet, change_line, head_lines, question
from bcos_core.render.sheet_notes import closing_notes, meaning
from bcos_core.render.table import record_table
from bcos_core.text.token_names import seen_text

STRONG = 0.5
"""Of its heatmap's largest value, or of the largest of all where they share a scale: from here a word is marked."""
_MARKED = "Marked are words of half the largest value or more."
# Escaped wherever it stands; and where an address begins, which would become a link.
_MEANINGFUL = re.compile(r"([\\`*_{}\[\]#|~$@]|(?<=:)/(?=/)|(?<=www)\.)", re.IGNORECASE)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}


def escaped(text: str) -> str:
    """`text` with a backslash before every character that Markdown or its dialects act upon; on one line."""
    clean = re.sub(r"\s+", " ", printable(text))
    return "".join(_ENTITIES.get(one, one) for one in _MEANINGFUL.sub(r"\\\1", clean))


def sheet_markdown(*sheets: Sheet) -> str:
    """Heatmaps as tables: the text with what matters most marked, and below it the number of every word."""
    return "\n".join(map(_sheet, sheets))


def markdown_table(frame: pd.DataFrame, caption: str = "") -> str:
    """A table; numbers have three significant digits and stand at the right, "–" stands where there is none."""
    names = [escaped(str(name)) for name in frame.columns]
    kinds = ["---:" if pd.api.types.is_numeric_dtype(frame[name]) else "---" for name in frame.columns]
    rows = [[escaped(written(value)) for value in row] for row in frame.itertuples(index=False)]
    lines = [names, kinds, *rows]
    above = f"{escaped(caption)}\n\n" if caption else ""
    return above + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _sheet(sheet: Sheet) -> str:
    said = [question(sheet.record), f"{meaning(sheet, 'bold', 'italic')} {_MARKED}"]
    if sheet.struck:
        said.append("Struck words are crossed out.")
    heads = ["", *(_head(sheet, place) for place in range(len(sheet.models)))]
    lines = [heads, ["---"] * len(heads)]
    lines += [
        [escaped(row.method), *(_cell(cell, place, sheet) for place, cell in enumerate(row.cells))]
        for row in sheet.rows
    ]
    grid = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    notes = "".join(f"\n{escaped(note)}\n" for note in closing_notes(sheet, colours=False))
    return f"{' '.join(map(escaped, said))}\n\n{grid}{notes}\n{markdown_numbers(sheet)}"


def _head(sheet: Sheet, place: int) -> str:
    return "<br>".join(map(escaped, [sheet.models[place], *head_lines(sheet, place)]))


def _cell(cell: Panel | str, place: int, sheet: Sheet) -> str:
    if isinstance(cell, str):
        return escaped(cell)
    record = cell.record
    text = "".join(map(_run, drawn_runs(record, sheet.style, cell.scale, sheet.struck))).strip()
    said = [note for note in (record.failure, change_line(sheet, place, cell), truncation_note(record)) if note]
    return "<br>".join([text, *map(escaped, said)])


def _run(run: dict[str, Any]) -> str:
    if run["kind"] == "unit":
        return "".join(map(_word, run["units"]))
    if run["kind"] == "heading":
        return f" {escaped(run['text'])}: "
    return f" `{_code(run['text'])}` " if run["kind"] == "added" else escaped(run["text"])


def _word(unit: dict[str, Any]) -> str:
    text, strength = escaped(unit["text"]).strip(), unit["strength"]
    if abs(strength) >= STRONG:
        mark = "b" if strength > 0 else "i"  # asterisks would be none beside a comma, or beside another word's
        text = f"<{mark}>{text}</{mark}>"
    return f"<del>{text}</del>" if unit["struck"] else text


def _code(text: str) -> str:
    return printable(text).replace("`", "'").replace("|", "\\|")


def markdown_numbers(sheet: Sheet) -> str:
    """Every word, token or sentence with its number in each panel, and what else is part of the sum."""
    columns: dict[str, dict[tuple[int, int, str], str]] = {}
    for method, model, panel in sheet.panels():
        table = record_table(panel.record, sheet.style.granularity)
        spreads = table["spread"] if "spread" in table else [None] * len(table)
        seen: Counter[str] = Counter()
        keys = []
        for start, text in zip(table["start"], table["text"], strict=True):
            # What is in no place of the text comes after it, by name; a name that comes again is another row.
            keys.append((1, seen[text], str(text)) if pd.isna(start) else (0, int(start), str(text)))
            seen[text] += 1
        columns[f"{method} · {model}"] = {
            key: plus_minus(float(score), None if pd.isna(spread) else float(spread), signed=True)
            for key, score, spread in zip(keys, table["score"], spreads, strict=True)
        }
    every = sorted(dict.fromkeys(key for column in columns.values() for key in column), key=lambda key: key[:2])
    frame = pd.DataFrame({"": [seen_text(text) for _, _, text in every]})
    for name, column in columns.items():
        frame[name] = [column.get(key, "–") for key in every]
    return markdown_table(frame)
