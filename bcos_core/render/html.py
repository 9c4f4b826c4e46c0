"""Records as a static HTML page that stands alone: for saving, printing and pasting into a document."""

from __future__ import annotations

from html import escape

from bcos_core.attribution.record import Attribution
from bcos_core.numbers import number
from bcos_core.render.band import band_note, band_of, score_in_words
from bcos_core.render.drawing import cost_line, quantity, truncation_note
from bcos_core.render.methods import is_signed
from bcos_core.render.palette import Palette
from bcos_core.render.pieces import Piece, pieces, runs
from bcos_core.render.scale import Scale
from bcos_core.render.sheet import Panel, Sheet, answer, change_sentence, question
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.pair import one_line

# Colours follow the reader's light or dark setting; nothing is loaded and no script runs.
STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; }
.sheet { font: 16px/1.9 system-ui, sans-serif; padding: 2rem; display: grid; gap: 2rem;
       grid-template-columns: repeat(var(--columns), minmax(0, 1fr));
       background: light-dark(#ffffff, #171614); color: light-dark(#2f2d2b, #edebe8); }
@media (max-width: 40rem) { .sheet { grid-template-columns: minmax(0, 1fr); padding: 1rem; } }
.wide { grid-column: 1 / -1; }
article { max-width: 44rem; min-width: 0; }
h1 { font-size: 1.1rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
p { margin: 0.4rem 0; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; margin: 1.2rem 0; }
.unit { background: light-dark(var(--light), var(--dark)); border-radius: 3px; padding: 0.1em 0; }
.band { padding-bottom: 0.3em; box-decoration-break: clone; -webkit-box-decoration-break: clone; background:
  linear-gradient(to right,
    light-dark(var(--low-light), var(--low-dark)), light-dark(var(--high-light), var(--high-dark)))
    0 100% / 100% 3px no-repeat,
  linear-gradient(light-dark(#ffffff, #171614)) 0 calc(100% - 3px) / 100% 1px no-repeat,
  light-dark(var(--light), var(--dark)); }
.unsettled { text-decoration: underline dotted 1.5px; text-underline-offset: 0.2em; }
s.unit { text-decoration: line-through 2px; }
.bar { background: linear-gradient(currentColor) 0 100% / 100% calc(var(--strength) * 0.5em) no-repeat;
  padding-bottom: 0.6em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }
.bar.against { background: repeating-linear-gradient(45deg, transparent 0 2px, currentColor 2px 3px)
  0 100% / 100% calc(var(--strength) * 0.5em) no-repeat; }
.word { display: inline-block; max-width: 100%; line-height: 1.5; }
.added, .cut, .note { color: light-dark(#6d6b69, #aaa8a4); }
.added { font-size: 0.72em; margin: 0 0.35em; }
.note { font-size: 0.85rem; line-height: 1.5; }
.heading { display: block; font-size: 0.85rem; font-weight: 600; color: light-dark(#6d6b69, #aaa8a4); }
* + .heading { margin-top: 0.8rem; }
.failure { border-left: 3px solid currentColor; padding-left: 0.7rem; line-height: 1.5; }
"""


def sheet_html(*sheets: Sheet) -> str:
    """Sheets as a complete HTML document, below each other: models as columns, methods as rows, on a narrow screen one
    panel below the other. Every text in it is escaped."""
    names = " · ".join(dict.fromkeys(f"{method}, {model}" for sheet in sheets for method, model, _ in sheet.panels()))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(names)}</title>'
        f"<style>{STYLE}</style></head><body>{''.join(map(sheet_grid, sheets))}</body></html>\n"
    )


def sheet_grid(sheet: Sheet) -> str:
    """One sheet as an element of a page that has `STYLE`."""
    above = [question(sheet.record), *sheet.notes]
    if sheet.struck:
        above.append(f"Struck out: {', '.join(f'“{word}”' for word in sheet.struck_words)}.")
    notes = "".join(f'<p class="note wide">{escape(note)}</p>\n' for note in above)
    cells = "".join(
        _panel(row.method, model, cell, sheet) if isinstance(cell, Panel) else _hole(row.method, model, cell)
        for row in sheet.rows
        for model, cell in zip(sheet.models, row.cells, strict=True)
    )
    return f'<section class="sheet" style="--columns:{len(sheet.models)}">\n{notes}{cells}</section>'


def _hole(method: str, model: str, why: str) -> str:
    """Where there is no panel: the reason, in a line."""
    return f'<p class="note"><b>{escape(method)}</b> · {escape(model)}<br>{escape(why)}</p>\n'


def _panel(method: str, model: str, panel: Panel, sheet: Sheet) -> str:
    record, granularity, palette = panel.record, sheet.style.granularity, sheet.style.palette
    head = (
        f"<article><h1>{escape(method)} · {escape(model)}</h1>\n"
        f'<p class="note">Answer: {escape(answer(record)) or "none"}.</p>\n'
    )
    how = f'<p class="note">{escape(_how(record))}</p>\n</article>\n'
    if record.failure is not None:
        failure = f'<p class="failure"><strong>Failed.</strong> {escape(record.failure)}</p>\n'
        return f'{head}{failure}<p class="text" dir="auto">{escape(one_line(record.text))}</p>\n{how}'
    whole = "sentence" if granularity == "sentence" else "word"
    body = "".join(_draw(run, panel, sheet, whole) for run in runs(pieces(record, granularity)))
    notes = [note for note in (change_sentence(panel), truncation_note(record), band_note(record)) if note]
    return (
        f'{head}<p class="text" dir="auto">{body}</p>\n'
        + "".join(f'<p class="note">{escape(note)}</p>\n' for note in notes)
        + f'<p class="note">{_key(record, palette, panel.scale)}</p>\n'
        f'<p class="note">{escape(sum_sentence(record))}</p>\n{how}'
    )


def _key(record: Attribution, palette: Palette, scale: Scale) -> str:
    """What the colours mean."""
    left, _, right = scale.ends
    target = escape(record.target.title)
    if not is_signed(record.method):
        return f"{palette.supports_name.capitalize()}: weight without a direction, up to {right}. {escape(scale.rule)}"
    return (
        f"{palette.supports_name.capitalize()} supports “{target}”, {palette.against_name} speaks against it, "
        f"from {left} to {right}. {escape(scale.rule)}"
    )


def _how(record: Attribution) -> str:
    """The method's parameters, the weights and the cost: what it takes to reproduce the panel."""
    parts = [f"{name} {value}" for name, value in record.parameters.items()]
    parts += [f"seeds {', '.join(map(str, record.seeds))}"] if record.seeds else []
    return ", ".join([*parts, f"weights {record.weights_hash}", cost_line(record)])


def sum_sentence(record: Attribution) -> str:
    """What the contributions add up to, in words; for a method without that promise, that it has none."""
    if not record.additive:
        return "This method does not promise that its values add up to the logit."
    kind = TASK_TYPES[record.task_type]
    parts = [
        f"added tokens have {number(record.added_share, signed=True)}",
        f"the reference {number(record.reference_share, signed=True)}",
    ]
    if record.bias_share:
        parts.append(f"the {kind.tokenless} {number(record.bias_share, signed=True)}")
    return (
        f"The contributions add to {number(record.sum)} of the {quantity(record)} "
        f"{number(record.logit)} (difference {number(record.completeness_error)}); of this, {', '.join(parts[:-1])} "
        f"and {parts[-1]}."
    )


def _draw(run: tuple[Piece, ...], panel: Panel, sheet: Sheet, whole: str) -> str:
    first, record = run[0], panel.record
    if first.kind == "gap":
        return escape(first.text)
    if first.kind == "heading":
        return (
            f'<span class="heading">{escape(first.text)} · {escape(score_in_words(first, record, signed=True))}</span>'
        )
    if first.kind == "cut":
        return f'<span class="cut" title="not seen by the model">{escape(first.text)}</span>'
    if first.kind == "added":
        return f'<span class="added" title="{score_in_words(first, record, signed=True)}">{escape(first.text)}</span>'
    return f'<span class="{whole}">{"".join(_unit(piece, panel, sheet) for piece in run)}</span>'


def _unit(piece: Piece, panel: Panel, sheet: Sheet) -> str:
    record, palette, strength = panel.record, sheet.style.palette, panel.scale.strength(piece.score or 0.0)
    light, dark = palette.shade(strength, "light").background, palette.shade(strength, "dark").background
    style, classes = f"--light:{light};--dark:{dark}", "unit"
    if sheet.style.presentation == "bars":
        style += f";--strength:{abs(strength):.3f}"
        classes += " bar against" if strength < 0 else " bar"
    elif band := band_of(piece, panel.scale, signed=is_signed(record.method)):
        ends = zip(("light", "dark"), (band.colours(palette, "light"), band.colours(palette, "dark")), strict=True)
        style += "".join(f";--low-{mode}:{low};--high-{mode}:{high}" for mode, (low, high) in ends)
        classes += " band unsettled" if band.unsettled else " band"
    title = score_in_words(piece, record, signed=True)
    tag = "s" if any(start < piece.end and piece.start < end for start, end in sheet.struck) else "span"
    return f'<{tag} class="{classes}" style="{style}" title="{title}">{escape(piece.text)}</{tag}>'
