"""Many records as a table: a strip of heat for each text and method, on a page or in a file, and as numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from bcos_core.attribution.record import Attribution
from bcos_core.numbers import count, number, probability
from bcos_core.render.drawing import Style, drawn_runs, truncation_note
from bcos_core.render.methods import method_title
from bcos_core.render.palette import PAGE_BACKGROUND, PAGE_TEXT, PALETTES, Palette
from bcos_core.render.pieces import unit_scores
from bcos_core.render.scale import own_scale
from bcos_core.render.table import record_table
from bcos_core.tasks.answer_type import AnswerType
from bcos_core.tasks.registry import answer_type
from bcos_core.text.pair import one_line

Records = tuple[Attribution, ...]
FOLDED_FROM = 1_000
"""Characters: a longer text would push the rows below it out of sight."""


@dataclass(frozen=True)
class Row:
    """A text's `number` in its data, from 1, and its records, one per method; of one that has none, the text and the
    `reason`. `id` and `label` are what the data call it, and say that it should be answered."""

    number: int
    records: Records
    text: str = ""
    reason: str = ""
    id: str | None = None
    label: str | None = None


# Colours follow the reader's light or dark setting; on a page they are inside of it, so that they reach nothing else.
STYLE = """
.batch { border-collapse: collapse; width: 100%; }
.batch th, .batch td { text-align: start; vertical-align: top; padding: 0.5rem 0.75rem; border: 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent); }
.batch th { font-weight: 600; font-size: 0.875rem; }
.batch .number { text-align: end; font-variant-numeric: tabular-nums; white-space: nowrap; }
.batch .strip { line-height: 1.8; white-space: pre-wrap; overflow-wrap: anywhere; min-width: 8rem; }
.batch a { color: inherit; }
.batch .unit { background: light-dark(var(--light), var(--dark)); border-radius: 3px; padding: 0.1em 0; }
.batch .note { display: block; font-size: 0.8rem; }
.batch summary { cursor: pointer; }
.batch .more { font-size: 0.8rem; text-decoration: underline; }
.batch .more::after { content: ", show all"; }
.batch [open] .more::after { content: ", show the beginning"; }
.batch .long { display: block; }
.batch details:not([open]) .long { max-height: 7.2em; overflow: hidden; }
.batch .heading { display: block; font-size: 0.8rem; font-weight: 600; }
@media (max-width: 640px) {
  .batch thead { display: none; }
  .batch tr { display: block; padding: 0.5rem 0; }
  .batch td { display: block; border: 0; padding: 0.15rem 0; }
  .batch td::before { content: attr(data-name) " "; font-size: 0.75rem; font-weight: 600; }
  .batch td[data-name]:not(.strip) { display: inline-block; margin-inline-end: 1rem; }
  .batch .number { text-align: start; }
}
"""


def batch_table(
    rows: Sequence[Row], palette: Palette | None = None, *, address: Callable[[Attribution], str] | None = None
) -> str:
    """The table as HTML, for a page that has `STYLE`; every text in it is escaped. `address` is where a text is looked
    at alone; its number then leads there, and says so."""
    palette = palette or next(iter(PALETTES.values()))
    if not rows:
        return ""
    names = _names(rows)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    return (
        f'<div style="overflow-x: auto"><table class="batch"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_row(row, names, palette, address) for row in rows)}</tbody></table></div>"
    )


def batch_page(rows: Sequence[Row], title: str, palette: Palette | None = None) -> str:
    """The table as a complete HTML document that loads nothing and runs no script."""
    palette = palette or next(iter(PALETTES.values()))
    first = next((row.records[0] for row in rows if row.records), None)
    said = "" if first is None else f"<p>{escape(rule(palette, answer_type(first.task_type)))}</p>"
    page = (
        ":root { color-scheme: light dark; } body { margin: 2rem; font: 16px/1.5 system-ui, sans-serif; "
        f"background: light-dark({PAGE_BACKGROUND['light']}, {PAGE_BACKGROUND['dark']}); "
        f"color: light-dark({PAGE_TEXT['light']}, {PAGE_TEXT['dark']}); }} h1 {{ font-size: 1.3rem; }}"
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{page}{STYLE}</style></head><body><main><h1>{escape(title)}</h1>{said}\n"
        f"{batch_table(rows, palette)}</main></body></html>\n"
    )


def rule(palette: Palette, kind: AnswerType) -> str:
    """What the colours mean, of models of a kind of task."""
    positive, negative = kind.verbs
    return (
        "Full colour is the largest absolute value in each text and method. "
        f"{palette.supports_name.capitalize()} {positive} the explained {kind.output}, "
        f"{palette.against_name} {negative} it."
    )


def contributions(rows: Sequence[Row]) -> pd.DataFrame:
    """A row for each word of each text under each method, with the answer, the explained output and its logit; added
    tokens, reference and biases included, so that an additive method's scores add up."""
    frames = []
    for row in rows:
        for record in row.records:
            frame = record_table(record)
            frame = frame.rename(columns={"text": "word"})
            frame.insert(0, "no", row.number)
            frame.insert(1, "method", record.method)
            frame.insert(2, "answer", record.prediction.label)
            frame.insert(3, "explained", record.target.title)
            frame.insert(4, "logit", record.logit)
            if any(one.id is not None for one in rows):
                frame.insert(1, "id", row.id)
            frames.append(frame)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def answers(rows: Sequence[Row]) -> pd.DataFrame:
    """A row for each text: its answer, the probability of its likeliest output (none of a score), every logit; its id
    and label, where the data have some."""
    found = []
    for row in rows:
        about: dict[str, Any] = {
            "no": row.number,
            **({"id": row.id} if any(one.id is not None for one in rows) else {}),
        }
        said = {"label": row.label} if any(one.label is not None for one in rows) else {}
        if not row.records:
            found.append({**about, "text": one_line(row.text), **said, "left out": row.reason})
            continue
        record = row.records[0]
        sure = record.probabilities[record.predicted] if record.probabilities else None
        logits = {f"logit {label}": value for label, value in zip(record.labels, record.logits, strict=True)}
        answer = {"answer": record.prediction.label, "probability": sure}
        found.append({**about, "text": one_line(record.text), **said, **answer, **logits})
    return pd.DataFrame(found)


def _names(rows: Sequence[Row]) -> list[str]:
    """Of the columns; of rows that are all left out, few."""
    about = ["No.", *(["Id"] if any(row.id is not None for row in rows) else [])]
    label = ["Label"] if any(row.label is not None for row in rows) else []
    records = next((row.records for row in rows if row.records), ())
    if not records:
        return [*about, "Text", *label]
    kind, methods = answer_type(records[0].task_type), [method_title(record.method) for record in records]
    answer = "Answer" if records[0].prompt is None else "Next token"
    sure = ["Sure"] if kind.has_probabilities else []
    return [*about, *methods, answer, *label, *sure, kind.explained.capitalize()]


def _row(row: Row, names: Sequence[str], palette: Palette, address: Callable[[Attribution], str] | None) -> str:
    leads = address(row.records[0]) if address is not None and row.records else ""
    link = f'href="{escape(leads)}" target="_self" title="Open this text alone"'
    number_ = (
        f'<a {link} aria-label="{row.number}, open this text alone">{row.number}</a>' if leads else str(row.number)
    )
    cells = [("number", number_), *([("", escape(row.id or ""))] if "Id" in names[:2] else [])]
    label = [("", escape(row.label or ""))] if "Label" in names else []
    if not row.records:
        shown = row.text if len(row.text) <= FOLDED_FROM else f"{row.text[:FOLDED_FROM]} …"
        said = f'<span class="note">{escape(row.reason)}</span><span class="strip">{escape(one_line(shown))}</span>'
        drawn = _cells(cells, names)
        return f'<tr>{drawn}<td colspan="{len(names) - len(cells)}">{said}</td></tr>'
    first = row.records[0]
    cells += [("strip", strip(record, palette)) for record in row.records]
    cells += [("", escape(first.prediction.label)), *label]
    if answer_type(first.task_type).has_probabilities:
        cells.append(("number", escape(probability(first.probabilities[first.predicted]))))
    cells.append(("number", escape(number(first.logit))))
    return f"<tr>{_cells(cells, names)}</tr>"


def _cells(cells: Sequence[tuple[str, str]], names: Sequence[str]) -> str:
    """The first cells of a row, each with its look and content."""
    return "".join(
        f'<td class="{look}" data-name="{escape(name)}">{content}</td>'
        for name, (look, content) in zip(names, cells, strict=False)
    )


def strip(record: Attribution, palette: Palette) -> str:
    """The text with its words coloured, as HTML; first what of it the model did not see. Of a long text the beginning
    is shown until somebody opens it."""
    if record.failure is not None:
        return f"<strong>Failed.</strong> {escape(record.failure)}"
    note = truncation_note(record)
    said = f'<span class="note">{escape(note)}</span>' if note else ""
    drawn = "".join(map(_draw, drawn_runs(record, Style(palette), own_scale(unit_scores(record)))))
    if len(record.text) <= FOLDED_FROM:
        return said + drawn
    words = count(len(record.text.split()), "word")
    begin = f'<span class="more">{words}</span> <span class="long">{drawn}</span>'
    return f"{said}<details><summary>{begin}</summary></details>"


def _draw(run: dict[str, Any]) -> str:
    """A run as `drawn_runs` has it; added tokens are left out."""
    if run["kind"] == "added":
        return ""
    if run["kind"] == "heading":
        return f'<span class="heading">{escape(run["text"])}</span>'
    if run["kind"] != "unit":
        return escape(run["text"])
    return "".join(
        f'<span class="unit" style="--light:{unit["light"]};--dark:{unit["dark"]}" title="{escape(unit["tip"])}">'
        f"{escape(unit['text'])}</span>"
        for unit in run["units"]
    )
