"""An evaluation as one HTML page that stands alone: tables, intervals, protocols. Nothing is loaded, no script runs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from bcos_core.evaluate.between import between_models
from bcos_core.evaluate.figures import few_texts
from bcos_core.evaluate.result import Evaluation
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.standing import standings
from bcos_core.evaluate.verdict import verdict
from bcos_core.numbers import number
from bcos_core.render.methods import method_colour, method_title
from bcos_core.render.scoreboard import (
    Row,
    left_out,
    most_texts,
    people_in_words,
    ranked_rows,
    trained_for,
    training_notes,
)

PAGE_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.6 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem;
       background: light-dark(#ffffff, #171614); color: light-dark(#2f2d2b, #edebe8); }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 0.3rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.3rem 0.6rem; border-bottom: 1px solid light-dark(#e4e2df, #3a3835); }
th { font-weight: 600; } .figure { text-align: right; white-space: nowrap; }
.note { color: light-dark(#6d6b69, #aaa8a4); font-size: 0.85rem; }
.bar { position: relative; height: 1rem; min-width: 12rem; }
.bar i { position: absolute; top: 0.45rem; height: 2px; background: currentColor; opacity: 0.55; }
.bar b { position: absolute; top: 0.2rem; width: 0.6rem; height: 0.6rem; margin-left: -0.3rem; border-radius: 50%; }
"""


def evaluation_html(evaluation: Evaluation, against: str) -> str:
    """The report; differences are with the contender `against`.

    Raises:
        InputError: `against` is no contender.
    """
    rows, differences = evaluation.rows(), evaluation.differences(against)
    said_of = [between_models(evaluation, rows), *(verdict(standing) for standing in standings(evaluation, rows))]
    first = "".join(_verdict(sentences) for sentences in said_of if sentences)
    said = (*evaluation.notes, *filter(None, [few_texts(most_texts(rows))]), *map(left_out, evaluation.skipped))
    skipped = "".join(f"<p class='note'>{escape(one)}</p>" for one in said)
    sections = "".join(_section(score, rows, differences, against) for score in evaluation.scores)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Evaluation {escape(evaluation.name)}</title><style>{PAGE_STYLE}</style></head><body>\n"
        f"<h1>Which explanation can be believed? {escape(evaluation.task)}</h1>\n"
        f"{first}<p class='note'>Means over texts with 95 % bootstrap intervals. Random scores are what every method "
        f"has to beat.</p>\n{skipped}{sections}\n</body></html>\n"
    )


def _verdict(sentences: Sequence[str]) -> str:
    first, *others = map(escape, sentences)
    return f"<p><strong>{first}</strong> {' '.join(others)}</p>\n"


def _section(score: str, rows: Sequence[Row], differences: Sequence[Row], against: str) -> str:
    ranked = ranked_rows(rows, score)
    entry = SCORES[score]
    gaps = {(row["method"], row["checkpoint"]): row for row in differences if row["score"] == score}
    ends = [row[end] for row in ranked for end in ("low", "mean", "high") if not math.isnan(row[end])]
    low, high = (min(ends), max(ends)) if ends else (0.0, 1.0)
    method, _, checkpoint = against.partition("@")
    body = "".join(_row(row, gaps.get((row["method"], row["checkpoint"])), low, high) for row in ranked)
    return (
        f"<h2>{escape(entry.title)}</h2>\n<p class='note'>{escape(entry.description)} "
        f"{'Higher' if entry.higher_is_better else 'Lower'} is better. "
        f"{escape(ranked[0]['protocol']['summary'] if ranked else '')} {escape(trained_for(ranked))} "
        f"{escape(people_in_words(ranked))}</p>\n"
        "<table><tr><th>Method</th><th>Model</th><th class='figure'>Mean</th><th>95 % interval</th>"
        f"<th class='figure'>Texts</th><th class='figure'>Passes</th>"
        f"<th>Difference with {escape(method_title(method))} · {escape(checkpoint)}</th></tr>{body}</table>\n"
    )


def _row(row: Row, gap: Row | None, low: float, high: float) -> str:
    notes = ["does not beat random"] if row["beats_random"] is False else []
    notes += training_notes(row)
    notes += [f"{row['failed']} failed"] if row["failed"] else []
    note = f" <span class='note'>{escape('; '.join(notes))}</span>" if notes else ""
    difference = "–"
    if gap is not None and not math.isnan(gap["mean"]):
        difference = (
            f"{number(gap['mean'], signed=True)} [{number(gap['low'], signed=True)}, "
            f"{number(gap['high'], signed=True)}], p {number(gap['p_holm'])} (Holm)"
        )
    passes = f"{number(row['forward_passes'])} + {number(row['backward_passes'])}"
    return (
        f"<tr><td>{escape(method_title(row['method']))}{note}</td><td>{escape(row['checkpoint'])}</td>"
        f"<td class='figure'>{number(row['mean'])}</td><td>{_bar(row, low, high)}</td>"
        f"<td class='figure'>{row['n']}</td><td class='figure'>{passes}</td><td>{difference}</td></tr>"
    )


def _bar(row: Row, low: float, high: float) -> str:
    if math.isnan(row["mean"]):
        return "not defined"
    width = high - low or 1.0

    def place(value: float) -> float:
        return 4 + 92 * (value - low) / width

    title = f"{number(row['low'])} – {number(row['high'])}"
    line = ""
    if not math.isnan(row["low"]):
        line = f"<i style='left:{place(row['low']):.1f}%;width:{place(row['high']) - place(row['low']):.1f}%'></i>"
    dot = f"<b style='left:{place(row['mean']):.1f}%;background:{method_colour(row['method'])}'></b>"
    return f"<div class='bar' title='{title}'>{line}{dot}</div>"
