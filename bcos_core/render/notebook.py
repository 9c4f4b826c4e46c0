"""A record as a notebook shows it: a piece of HTML that stands alone, its colours written into every word.

It brings its own background, so that it is read in light and dark notebooks alike; no script, nothing loaded, and no
style sheet, which some viewers take out.
"""

from __future__ import annotations

from html import escape
from typing import Any

from bcos_core.attribution.record import Attribution
from bcos_core.numbers import number
from bcos_core.render.colour import mix
from bcos_core.render.drawing import cost_line, drawn_runs, truncation_note
from bcos_core.render.palette import PAGE_BACKGROUND, PAGE_TEXT
from bcos_core.render.sheet import Panel, Sheet, answer, question, sheet_of

_BACKGROUND, _TEXT = PAGE_BACKGROUND["light"], PAGE_TEXT["light"]
_QUIET = mix(_BACKGROUND, _TEXT, 0.75)
_CARD = (
    f"background:{_BACKGROUND};color:{_TEXT};padding:0.8em 1em;border-radius:6px;max-width:44em;"
    "font-family:system-ui,sans-serif;font-size:15px;line-height:1.8;text-align:start"
)
_SMALL = f"color:{_QUIET};font-size:0.8em;line-height:1.5"

_WRITTEN = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0.5em 0"


def record_html(record: Attribution) -> str:
    """The record by words: the question, the answer, the text on its colours, what it adds to and what it cost. Every
    text in it is escaped."""
    sheet = sheet_of(record)
    method, model, panel = next(sheet.panels())
    said = [note for note in (_sum(record), truncation_note(record), panel.scale.rule, cost_line(record)) if note]
    if record.failure is not None:
        said = [f"Failed. {record.failure}"]
    notes = "".join(f'<div style="{_SMALL}">{escape(note)}</div>' for note in said)
    return (
        f'<div style="{_CARD}"><div><b>{escape(method)}</b> · {escape(model)}</div>'
        f'<div style="{_SMALL}">{escape(question(record))} Answer: {escape(answer(record)) or "none"}.</div>'
        f'<div dir="auto" style="{_WRITTEN}">{_text(panel, sheet)}</div>'
        f"{notes}</div>"
    )


def _sum(record: Attribution) -> str:
    return f"Adds to {number(record.sum)} of {number(record.logit)}." if record.additive else ""


def _text(panel: Panel, sheet: Sheet) -> str:
    return "".join(map(_run, drawn_runs(panel.record, sheet.style, panel.scale)))


def _run(run: dict[str, Any]) -> str:
    if run["kind"] == "unit":
        return "".join(map(_unit, run["units"]))
    text = escape(run["text"])
    if run["kind"] == "heading":
        return f'<div style="{_SMALL};font-weight:600">{text} · {escape(run["share"])}</div>'
    if run["kind"] == "gap":
        return text
    size = ";font-size:0.72em;margin:0 0.35em" if run["kind"] == "added" else ""
    return f'<span title="{escape(run["tip"])}" style="color:{_QUIET}{size}">{text}</span>'


def _unit(unit: dict[str, Any]) -> str:
    style = f"background:{unit['light']};color:{_TEXT};border-radius:3px;padding:0.1em 0"
    if unit["band"] and unit["band"]["unsettled"]:
        style += ";text-decoration:underline dotted"
    return f'<span title="{escape(unit["tip"])}" style="{style}">{escape(unit["text"])}</span>'
