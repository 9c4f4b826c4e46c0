"""Records as a static HTML page that stands alone: for saving, printing and pasting into a document."""

from __future__ import annotations

from html import escape
from typing import Any

from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import is_signed
from bcos_core.numbers import count, number
from bcos_core.render.colour import mix
from bcos_core.render.drawing import cost_line, drawn_runs, shared_legend, sum_parts, truncation_note
from bcos_core.render.palette import PAGE_BACKGROUND, PAGE_TEXT, Mode
from bcos_core.render.sheet import Panel, Sheet, SheetRow, change_line, head_lines, question
from bcos_core.render.sheet_notes import DOTTED, STRIP, bar_meaning, closing_notes, parameters, shared_scale
from bcos_core.tasks.registry import answer_type
from bcos_core.text.pair import one_line

_MODES: tuple[Mode, Mode] = ("light", "dark")


def _both(light: str, dark: str) -> str:
    return f"light-dark({light}, {dark})"


_BACKGROUND, _TEXT = (_both(*(colours[mode] for mode in _MODES)) for colours in (PAGE_BACKGROUND, PAGE_TEXT))
_QUIET, _LINE = (
    _both(*(mix(PAGE_BACKGROUND[mode], PAGE_TEXT[mode], share) for mode in _MODES)) for share in (0.75, 0.2)
)

# Colours follow the reader's light or dark setting; nothing is loaded and no script runs.
STYLE = f"""
:root {{ color-scheme: light dark; }}
body {{ margin: 0; background: {_BACKGROUND}; }}
.sheet {{ font: 16px/1.9 system-ui, sans-serif; padding: 2rem; background: {_BACKGROUND}; color: {_TEXT};
  overflow-x: auto; }}
h1, h2 {{ font-size: 1.1rem; font-weight: 600; line-height: 1.5; margin: 0; overflow-wrap: anywhere; }}
p {{ margin: 0.4rem 0; }}
table {{ border-collapse: collapse; table-layout: fixed; width: 100%; margin: 1rem 0; }}
col.method {{ width: 9rem; }}
th, td {{ text-align: start; vertical-align: top; padding: 0.6rem 1.25rem 0.6rem 0; font-weight: 400;
  border-bottom: 1px solid {_LINE}; overflow-wrap: anywhere; }}
.name {{ font-weight: 600; line-height: 1.5; margin: 0; }}
.text {{ white-space: pre-wrap; margin: 0 0 0.4rem; }}
.unit {{ background: light-dark(var(--light), var(--dark)); border-radius: 3px; padding: 0.1em 0; }}
.band {{ padding-bottom: 0.3em; box-decoration-break: clone; -webkit-box-decoration-break: clone; background:
  linear-gradient(to right,
    light-dark(var(--low-light), var(--low-dark)), light-dark(var(--high-light), var(--high-dark)))
    0 100% / 100% 3px no-repeat,
  linear-gradient({_BACKGROUND}) 0 calc(100% - 3px) / 100% 1px no-repeat,
  light-dark(var(--light), var(--dark)); }}
.unsettled {{ text-decoration: underline dotted 1.5px; text-underline-offset: 0.2em; }}
s.unit {{ text-decoration: line-through 2px; }}
.bar {{ background: linear-gradient(currentColor) 0 100% / 100% calc(var(--strength) * 0.5em) no-repeat;
  padding-bottom: 0.6em; box-decoration-break: clone; -webkit-box-decoration-break: clone; }}
.bar.against {{ background: repeating-linear-gradient(45deg, transparent 0 2px, currentColor 2px 3px)
  0 100% / 100% calc(var(--strength) * 0.5em) no-repeat; }}
.word {{ display: inline-block; max-width: 100%; line-height: 1.5; }}
.added, .cut, .note, .legend {{ color: {_QUIET}; }}
.added {{ font-size: 0.72em; margin: 0 0.35em; }}
.note, .legend {{ font-size: 0.85rem; line-height: 1.5; }}
.legend {{ display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }}
.strip {{ width: 8rem; height: 0.7rem; border-radius: 3px; border: 1px solid {_LINE}; }}
.heading {{ display: block; font-size: 0.85rem; font-weight: 600; color: {_QUIET}; }}
* + .heading {{ margin-top: 0.8rem; }}
.failure {{ border-left: 3px solid currentColor; padding-left: 0.7rem; line-height: 1.5; }}
@media print {{ * {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }} }}
@media (max-width: 40rem) {{
  .sheet {{ padding: 1rem; }}
  table, thead, tbody, tr, th, td {{ display: block; width: auto; }}
  colgroup, thead td {{ display: none; }}
  th, td {{ border: 0; padding: 0.3rem 0; }}
  tr {{ border-bottom: 1px solid {_LINE}; padding: 0.5rem 0; }}
  td[data-model]::before {{ content: attr(data-model); display: block; font-size: 0.85rem; color: {_QUIET}; }}
}}
"""


def sheet_html(*sheets: Sheet) -> str:
    """Sheets as a complete HTML document, below each other: models as columns, methods as rows, on a narrow screen one
    heatmap below the other. Every text in it is escaped."""
    names = " · ".join(dict.fromkeys(f"{method}, {model}" for sheet in sheets for method, model, _ in sheet.panels()))
    several = f'<div class="sheet"><h1>{count(len(sheets), "text")}</h1></div>' if len(sheets) > 1 else ""
    grids = "".join(sheet_grid(sheet, level=2 if several else 1) for sheet in sheets)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(names)}</title>'
        f"<style>{STYLE}</style></head><body><main>{several}{grids}</main></body></html>\n"
    )


def sheet_grid(sheet: Sheet, *, level: int = 1) -> str:
    """One sheet as an element of a page that has `STYLE`; its heading is of that level."""
    struck = f"Struck out: {', '.join(f'“{word}”' for word in sheet.struck_words)}." if sheet.struck else ""
    cols = "<col>" * len(sheet.models)
    heads = "".join(f'<th scope="col">{_head(sheet, place)}</th>' for place in range(len(sheet.models)))
    rows = "".join(_row(row, sheet) for row in sheet.rows)
    drawn = f"{STRIP} {DOTTED}" if sheet.style.presentation == "background" else ""
    below = [*closing_notes(sheet, drawn=drawn), _weights(sheet)]
    return (
        f'<section class="sheet"><h{level}>{escape(question(sheet.record))}</h{level}>\n{_legend(sheet)}'
        f'{_note(struck)}<table><colgroup><col class="method">{cols}</colgroup>\n<thead><tr><td></td>{heads}</tr>'
        f"</thead>\n<tbody>{rows}</tbody></table>\n{''.join(map(_note, below))}</section>"
    )


def _note(said: str | None) -> str:
    return f'<p class="note">{escape(said)}</p>\n' if said else ""


def _head(sheet: Sheet, index: int) -> str:
    """A model's name with what is said of it once."""
    return f'<p class="name">{escape(sheet.models[index])}</p>' + "".join(map(_note, head_lines(sheet, index)))


def _legend(sheet: Sheet) -> str:
    """What the marks mean: a strip for the methods with a direction, one for those without; with numbers where all
    heatmaps share them."""
    if sheet.style.presentation == "bars":
        return _note(bar_meaning(sheet))
    kind = answer_type(sheet.record.task_type)
    strips = []
    for signed in (True, False):
        if not any(is_signed(panel.record.method) == signed for _, _, panel in sheet.panels()):
            continue
        scale = shared_scale(sheet) if signed else None
        said = shared_legend(sheet.record.target.title, kind, sheet.style, scale, signed=signed)
        low, high = map(escape, said["ends"])
        strips.append(
            f'<div class="legend">{low} <span class="strip" style="background:{_strip(sheet, signed=signed)}">'
            f"</span> {high}</div>\n"
        )
    return "".join(strips)


def _strip(sheet: Sheet, *, signed: bool) -> str:
    shades = [
        [sheet.style.palette.shade(step / 16, mode).background for mode in _MODES]
        for step in range(-16 if signed else 0, 17)
    ]
    return f"linear-gradient(to right, {', '.join(_both(*pair) for pair in shades)})"


def _row(row: SheetRow, sheet: Sheet) -> str:
    """A method: its name with what it was told, and its heatmaps."""
    told = {parameters(cell.record) for cell in row.cells if isinstance(cell, Panel)}
    once = next(iter(told)) if len(told) == 1 else None
    cells = "".join(
        f'<td data-model="{escape(model)}">'
        + (_panel(cell, place, sheet, told=once is None) if isinstance(cell, Panel) else _note(cell))
        + "</td>\n"
        for place, (model, cell) in enumerate(zip(sheet.models, row.cells, strict=True))
    )
    return f'<tr><th scope="row"><p class="name">{escape(row.method)}</p>{_note(once)}</th>\n{cells}</tr>\n'


def _panel(panel: Panel, index: int, sheet: Sheet, *, told: bool) -> str:
    """A heatmap with what is true of it alone; `told`: what its method was told, too."""
    record = panel.record
    how = [parameters(record)] if told else []
    if record.failure is not None:
        failure = f'<p class="failure"><strong>Failed.</strong> {escape(record.failure)}</p>\n'
        text = f'<p class="text" dir="auto">{escape(one_line(record.text))}</p>\n'
        return f"{failure}{text}{_note(' · '.join(filter(None, [*how, cost_line(record)])))}"
    body = "".join(_draw(run, sheet) for run in drawn_runs(record, sheet.style, panel.scale, sheet.struck))
    if shared_scale(sheet) is None or not is_signed(record.method):
        how.append(f"full colour {number(panel.scale.limit)}")
    said = " ".join(line for line in (change_line(sheet, index, panel), sum_sentence(record)) if line)
    notes = (said, truncation_note(record), " · ".join(filter(None, [*how, cost_line(record)])))
    return f'<p class="text" dir="auto">{body}</p>\n{"".join(map(_note, notes))}'


def _weights(sheet: Sheet) -> str:
    """Which weights answered: what it takes to find them again."""
    hashes = {model: panel.record.weights_hash for _, model, panel in sheet.panels()}
    return f"Weights: {', '.join(f'{model} {hashed}' for model, hashed in hashes.items())}."


def sum_sentence(record: Attribution) -> str:
    """What the contributions add up to, and its parts; "" of a method that does not promise a sum."""
    if not record.additive:
        return ""
    return f"Adds to {number(record.sum)} of {number(record.logit)}: {', '.join(sum_parts(record))}."


def _draw(run: dict[str, Any], sheet: Sheet) -> str:
    """A run as `drawn_runs` has it."""
    kind = run["kind"]
    if kind == "unit":
        whole = "sentence" if run["breaks"] else "word"
        return f'<span class="{whole}">{"".join(_unit(unit, sheet) for unit in run["units"])}</span>'
    if kind == "heading":
        return f'<span class="heading">{escape(run["text"])} · {escape(run["share"])}</span>'
    if kind == "gap":
        return escape(run["text"])
    return f'<span class="{kind}" title="{escape(run["tip"])}">{escape(run["text"])}</span>'


def _unit(unit: dict[str, Any], sheet: Sheet) -> str:
    style, classes = f"--light:{unit['light']};--dark:{unit['dark']}", "unit"
    if sheet.style.presentation == "bars":
        style += f";--strength:{abs(unit['strength']):.3f}"
        classes += " bar against" if unit["strength"] < 0 else " bar"
    elif band := unit["band"]:
        style += "".join(f";--low-{mode}:{band[mode][0]};--high-{mode}:{band[mode][1]}" for mode in _MODES)
        classes += " band unsettled" if band["unsettled"] else " band"
    tag = "s" if unit["struck"] else "span"
    return f'<{tag} class="{classes}" style="{style}" title="{escape(unit["tip"])}">{escape(unit["text"])}</{tag}>'
