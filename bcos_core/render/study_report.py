"""The results of a study as one HTML page that stands alone. Nothing is loaded, no script runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import pandas as pd

from bcos_core.evaluate.scores import SCORES
from bcos_core.numbers import count, number
from bcos_core.render.report import PAGE_STYLE
from bcos_core.render.study_tests import result_called, tests_table
from bcos_core.study.analysis import Analysis
from bcos_core.study.locked import LockedStudy
from bcos_core.study.paragraph import methods_paragraph
from bcos_core.study.results import Answered, analyse, closed_loops, findings, short_titles
from bcos_core.study.statistics.result import Basis, Quantity, Result
from bcos_core.study.studies import Study


def study_html(study: Study, locked: LockedStudy, answered: Answered, models: Mapping[str, str] | None = None) -> str:
    """What was found, in a sentence and in one table of all tests; the methods paragraph; then every analysis with what
    it assumes and on how much it stands. `models`: folder → what the model is called."""
    banner = "<p><b>Simulated raters, not people.</b></p>" if study.simulated else ""
    paragraph = methods_paragraph(study, locked, answered, models)
    excluded = "".join(f"<li>{escape(rater)}: {escape(why)}</li>" for rater, why in answered.excluded.items())
    left_out = f"<p class='note'>Left out by the rule:</p><ul class='note'>{excluded}</ul>" if excluded else ""
    analyses = analyse(answered, locked)
    found = "".join(f"<p><b>{escape(one)}</b></p>" for one in findings(analyses, locked, models))
    names = short_titles(locked, models)
    sections = "".join(_section(analysis, locked, names) for analysis in analyses)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(study.title)}</title><style>{PAGE_STYLE}</style></head><body>\n"
        f"<h1>{escape(study.title)}</h1>\n{banner}{found}\n{_tests(analyses, names)}\n<h2>Methods</h2>\n"
        f"<p>{escape(paragraph)}</p>\n{left_out}{sections}\n"
        f"<p class='note'>Locked as SHA-256 {escape(str(study.lock_hash))}.</p></body></html>\n"
    )


def _tests(analyses: Sequence[Analysis], names: Mapping[str, str]) -> str:
    words, figures = ("test", "question"), ("value", "low", "high", "p", "p (Holm)")
    rows = "".join(
        f"<tr><td>{escape(str(row['compared']))}</td>"
        + "".join(f"<td class='figure'>{'–' if pd.isna(row[name]) else number(row[name])}</td>" for name in figures)
        + "".join(f"<td>{escape(str(row[name]))}</td>" for name in words)
        + f"<td class='note'>{escape(str(row['note']))}</td></tr>"
        for row in tests_table(analyses, names).to_dict("records")
    )
    heads = "".join(f"<th class='figure'>{name}</th>" for name in figures) + "".join(
        f"<th>{name}</th>" for name in words
    )
    return f"<h2>All tests</h2><table><tr><th>compared</th>{heads}<th></th></tr>{rows}</table>" if rows else ""


def _section(analysis: Analysis, locked: LockedStudy, names: Mapping[str, str]) -> str:
    loops = [
        replace(result, test=f"{result.test}: {SCORES[score].title}")
        for score, result in closed_loops(analysis, locked).items()
    ]
    return f"<h2>{escape(analysis.title)}</h2>\n" + "".join(
        _result(result_called(result, names)) for result in (*analysis.results, *loops)
    )


def _result(result: Result) -> str:
    whole = f" p {number(result.p)}." if result.p is not None else ""
    basis = basis_words(result.basis)
    head = f"<h3>{escape(result.test)}</h3><p class='note'>{escape(basis)}.{whole} {escape(result.assumes)}</p>"
    if result.undefined:
        return f"{head}<p>Not defined. {escape(result.undefined)}</p>"
    notes = "".join(f"<p class='note'>{escape(note)}</p>" for note in result.notes)
    rows = "".join(
        f"<tr><td>{escape(one.name)}</td>"
        + "".join(f"<td class='figure'>{cell}</td>" for cell in quantity_cells(one))
        + "</tr>"
        for one in result.quantities
    )
    heads = "".join(f"<th class='figure'>{title}</th>" for title in ("Value", "95 % interval", "p", "p (Holm)"))
    return f"{head}<table><tr><th></th>{heads}</tr>{rows}</table>{notes}"


def basis_words(basis: Basis) -> str:
    """On how much a result stands."""
    return f"{count(basis.raters, 'rater')}, {count(basis.items, 'item')}, {count(basis.answers, 'answer')}"


def quantity_cells(one: Quantity) -> tuple[str, str, str, str]:
    """Value, interval, p and corrected p, as they are written; a dash where there is none, the reason for none."""
    if one.value is None:
        return escape(one.undefined), "–", "–", "–"
    interval = (
        f"{number(one.low)} – {number(one.high)}"
        if one.low is not None and one.high is not None
        else one.undefined or "–"
    )
    p, corrected = (number(p) if p is not None else "–" for p in (one.p, one.corrected_p))
    return number(one.value), escape(interval), p, corrected
