r"""LaTeX of a heatmap and of a table, to be put into a paper: text is escaped, so that nothing in it is a command.

A document needs `PREAMBLE`; pdfLaTeX sets Latin letters, LuaLaTeX and XeLaTeX with fontspec all that the font has.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from numbers import Number
from typing import Any

import pandas as pd

from bcos_core.numbers import number
from bcos_core.render.drawing import drawn_runs, truncation_note
from bcos_core.render.printable import printable
from bcos_core.render.sheet import Panel, Sheet, change_line, head_lines, question
from bcos_core.render.sheet_notes import DOTTED, closing_notes, colour_meaning

PREAMBLE = r"""\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{array,booktabs,tabularx}
\usepackage{xcolor}
\usepackage[normalem]{ulem}"""

# Beside what TeX reads as commands, what fonts join (--, <<, '', ,,) and what begins an option after a line's end.
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",
    ",": "{,}",
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    # The signs that numbers and sentences here are written with.
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "→": r"$\rightarrow$",
    "∞": r"$\infty$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    "τ": r"$\tau$",
    "‖": r"$\Vert$",
    "·": r"\textperiodcentered{}",
    "…": r"\dots{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "⁻": r"\textsuperscript{$-$}",
    **{sign: rf"\textsuperscript{{{digit}}}" for digit, sign in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
}
_JOINERS = "\u200c\u200d"
_COLUMNS = {"number": "r", "text": "l"}


def escaped(text: str) -> str:
    """`text` as LaTeX sets it, character for character; white space is one space. What is not seen (soft hyphens, marks
    of no width) is left out, since pdfLaTeX stops at it; but not what joins letters."""
    clean = re.sub(r"\s+", " ", printable(text))
    seen = (one for one in clean if one in _JOINERS or unicodedata.category(one) != "Cf")
    return "".join(_ESCAPED.get(character, character) for character in seen)


def sheet_latex(*sheets: Sheet) -> str:
    """Heatmaps as tables of coloured words: models as columns, methods as rows."""
    needs = "\n".join(f"% {line}" for line in PREAMBLE.splitlines())
    needs += "\n% Letters that are not Latin: LuaLaTeX or XeLaTeX, \\usepackage{fontspec} in the place of fontenc."
    return f"% In the preamble:\n{needs}\n" + "\n".join(map(_sheet, sheets))


def latex_table(frame: pd.DataFrame, caption: str = "") -> str:
    """A table with rules as books have them. Numbers have three significant digits, "–" stands where there is none."""
    kinds = [_COLUMNS["number" if pd.api.types.is_numeric_dtype(frame[name]) else "text"] for name in frame.columns]
    head = " & ".join(rf"\textbf{{{escaped(str(name))}}}" for name in frame.columns)
    rows = "".join(
        f"  {' & '.join(escaped(written(value)) for value in row)} \\\\\n" for row in frame.itertuples(index=False)
    )
    above = f"  \\caption{{{escaped(caption)}}}\n" if caption else ""
    return (
        "% In the preamble: \\usepackage[T1]{fontenc} \\usepackage{textcomp} \\usepackage{booktabs}\n"
        f"\\begin{{table}}\n  \\centering\n{above}  \\begin{{tabular}}{{{''.join(kinds)}}}\n  \\toprule\n"
        f"  {head} \\\\\n  \\midrule\n{rows}  \\bottomrule\n  \\end{{tabular}}\n\\end{{table}}\n"
    )


def written(value: Any) -> str:
    """A cell as people read it."""
    if value is None or value is pd.NA or value is pd.NaT:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return number(float(value)) if isinstance(value, Number) else str(value)  # type: ignore[arg-type]


def _sheet(sheet: Sheet) -> str:
    columns = r">{\raggedright\arraybackslash}X" * len(sheet.models)
    heads = "".join(f" & {_head(sheet, place)}" for place in range(len(sheet.models)))
    rows = "".join(
        f"{escaped(row.method)}{''.join(f' & {_cell(cell, place, sheet)}' for place, cell in enumerate(row.cells))} "
        "\\\\\n"
        for row in sheet.rows
    )
    below = " ".join(map(escaped, [question(sheet.record), colour_meaning(sheet), *closing_notes(sheet, drawn=DOTTED)]))
    return (
        "{\\setlength{\\fboxsep}{1pt}%\n"
        f"\\begin{{tabularx}}{{\\linewidth}}{{@{{}}l{columns}@{{}}}}\n\\toprule\n{heads} \\\\\n\\midrule\n"
        f"{rows}\\bottomrule\n\\end{{tabularx}}\n\n\\noindent{{\\footnotesize {below}\\par}}}}\n"
    )


def _head(sheet: Sheet, place: int) -> str:
    return rf"\textbf{{{escaped(sheet.models[place])}}}{_below(head_lines(sheet, place))}"


def _below(lines: Sequence[str]) -> str:
    return "".join(rf" \newline {{\footnotesize {escaped(line)}}}" for line in lines)


def _cell(cell: Panel | str, place: int, sheet: Sheet) -> str:
    if isinstance(cell, str):
        return rf"{{\footnotesize\color{{gray}}{escaped(cell)}}}"
    record = cell.record
    below = _below(
        [line for line in (record.failure, change_line(sheet, place, cell), truncation_note(record)) if line]
    )
    return "".join(map(_run, drawn_runs(record, sheet.style, cell.scale, sheet.struck))) + below


def _run(run: dict[str, Any]) -> str:
    if run["kind"] == "unit":
        return "".join(_word(unit) for unit in run["units"])
    if run["kind"] == "gap" and not run["text"].strip():
        return r" \leavevmode\newline " if "\n" in run["text"] else " "  # a text may begin with a line's end
    if run["kind"] == "heading":
        return rf"\textbf{{{escaped(run['text'])}}} \newline "
    text = escaped(run["text"])
    if run["kind"] == "added":
        return rf"\,{{\tiny\color{{gray}}{text}}}\,"
    return text if run["kind"] == "gap" else rf"{{\color{{gray}}{text}}}"


def _word(unit: dict[str, Any]) -> str:
    """A unit on its colour, word by word, so that lines break between words."""
    inner = []
    for word in escaped(unit["text"]).split(" "):
        shown = rf"\strut {word}"
        if unit["band"] and unit["band"]["unsettled"]:
            shown = rf"\dotuline{{{shown}}}"
        if unit["struck"]:
            shown = rf"\sout{{{shown}}}"
        inner.append(rf"\colorbox[HTML]{{{unit['light'].removeprefix('#').upper()}}}{{{shown}}}")
    return " ".join(inner)
