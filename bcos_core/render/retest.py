"""A retest in words, as a table, and as a report that a person can hand in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import pandas as pd

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import few_texts, interval_in_words
from bcos_core.evaluate.retest import (
    TOP,
    Retest,
    Retested,
    beyond_lot,
    figure_change,
    is_confirmed,
    moved,
    moved_by_lot,
)
from bcos_core.evaluate.word_edits import WORD_EDITS
from bcos_core.numbers import count, number, percent
from bcos_core.render.markdown import markdown_table
from bcos_core.render.report import PAGE_STYLE
from bcos_core.tasks.estimates import Estimate
from bcos_core.text.pair import one_line

SHOWN = 50
"""Texts in a report."""


def retest_sentences(retest: Retest) -> list[str]:
    """What the retest says, the finding first."""
    leaning, others = retest.leaning, retest.others
    if not leaning:
        return [
            f"In none of the {count(len(retest.texts), 'text')} that have “{retest.word}” is it among the {TOP} words "
            f"with the largest contributions to {_output(retest)}: the heatmaps do not lean on it."
        ]
    said = [_finding(retest), _moves(retest, leaning, f"in which the heatmap leans on “{retest.word}”")]
    by_lot = moved_by_lot(leaning)
    if by_lot.moved.n:
        gap, p = beyond_lot(leaning)
        said.append(
            "The same edit of another word of these texts, drawn by lot, "
            f"{_changes(retest, by_lot.changed)}moves it by {_written(by_lot.moved, number)}. The difference is "
            f"{_written(gap, _signed)}, p = {number(p)} (sign-flip test)."
        )
    if others:
        said.append(_moves(retest, others, f"that have “{retest.word}” and in which the heatmap does not lean on it"))
    before, after, change = figure_change(leaning)
    metric = retest.kind.each_metric
    scale, unit = (100.0, " points") if metric.share else (1.0, "")
    said.append(
        f"{metric.title} on the texts that it leans on: {metric.written(before.mean)} before, "
        f"{metric.written(after.mean)} after, a change of "
        f"{_written(change, lambda value: number(scale * value, signed=True))}{unit}."
    )
    if retest.emptied:
        said.append(
            f"{count(retest.emptied, 'text')} with the word not asked again: nothing would be left, or the model does "
            "not read that far."
        )
    return [*said, *filter(None, [few_texts(len(leaning))])]


def retest_table(retest: Retest) -> pd.DataFrame:
    """Every text, those in which the heatmap leans on the word first."""
    return pd.DataFrame(
        [
            {
                "text": one_line(one.text),
                "edited": one_line(one.edited),
                "leans on it": "yes" if one.leans else "no",
                "place among words": one.rank,
                "contribution": one.contribution,
                "before": one.before,
                "after": one.after,
                "with another word": one.control,
                "answer": one.answer,
                "answer after": one.answer_after,
            }
            for one in (*retest.leaning, *retest.others)
        ]
    )


def retest_markdown(retest: Retest) -> str:
    """The report as Markdown."""
    facts = "\n".join(f"- {name}: {value}" for name, value in _facts(retest))
    table = retest_table(retest).head(SHOWN)
    caption = f"The first {len(table)} of {count(len(retest.texts), 'text')}."
    sentences = "\n\n".join(retest_sentences(retest))
    return (
        f"# Does “{retest.word}” decide?\n\n{sentences}\n\n## What was done\n\n{_protocol(retest)}\n\n{facts}\n\n"
        f"## Texts\n\n{markdown_table(table, caption)}\n"
    )


def retest_html(retest: Retest) -> str:
    """The report as one HTML page that stands alone: nothing is loaded, no script runs."""
    first, *others = map(escape, retest_sentences(retest))
    facts = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>" for name, value in _facts(retest))
    rows = "".join(_row(one) for one in (*retest.leaning, *retest.others)[:SHOWN])
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Retest of {escape(retest.word)}</title><style>{PAGE_STYLE}</style></head><body>\n"
        f"<h1>Does “{escape(retest.word)}” decide?</h1>\n<p><strong>{first}</strong></p>\n"
        + "".join(f"<p>{one}</p>\n" for one in others)
        + f"<h2>What was done</h2>\n<p>{escape(_protocol(retest))}</p>\n<table>{facts}</table>\n"
        f"<h2>Texts</h2>\n<p class='note'>The first {min(SHOWN, len(retest.texts))} of "
        f"{count(len(retest.texts), 'text')}, those first in which the heatmap leans on the word most.</p>\n"
        "<table><tr><th>Text</th><th>Edited</th><th>Leans on it</th><th class='figure'>Before</th>"
        f"<th class='figure'>After</th><th>Answer</th></tr>{rows}</table>\n</body></html>\n"
    )


def _row(one: Retested) -> str:
    answer = one.answer if not one.changed else f"{one.answer} → {one.answer_after}"
    return (
        f"<tr><td>{escape(one_line(one.text))}</td><td>{escape(one_line(one.edited))}</td>"
        f"<td>{'yes' if one.leans else 'no'}</td><td class='figure'>{number(one.before)}</td>"
        f"<td class='figure'>{number(one.after)}</td><td>{escape(answer)}</td></tr>"
    )


def _facts(retest: Retest) -> list[tuple[str, str]]:
    from bcos_core import __version__

    return [
        ("Model", retest.model),
        ("Files of the model", retest.content),
        ("Task", retest.task),
        ("Texts looked at", f"{retest.looked_at:,} of the test set"),
        ("Texts with the word", f"{len(retest.texts) + retest.emptied:,}"),
        ("Method", METHODS[retest.method].title),
        ("Explained", _output(retest)),
        ("Made", f"{datetime.now(UTC):%Y-%m-%d}, version {__version__}"),
    ]


def _protocol(retest: Retest) -> str:
    return (
        f"{edit_in_words(retest)}, wherever it stands in a text, the model is asked again. The heatmap leans on a word "
        f"that is among the {TOP} words of its text with the largest contributions to {_output(retest)}, by size. "
        "Shares have Wilson's interval, means the bootstrap's over texts; the difference with a word drawn by lot is "
        "paired. The word is said to decide where the interval of that difference lies above 0 and the sign-flip test "
        "has p below 0.05."
    )


def edit_in_words(retest: Retest) -> str:
    """ "Without “great”"."""
    done = WORD_EDITS[retest.edit].done
    return done.format(word=f"“{retest.word}”", other=f"“{retest.other}”")


def _finding(retest: Retest) -> str:
    confirmed = is_confirmed(retest.leaning)
    if confirmed is None:
        return f"Too few texts say whether “{retest.word}” decides."
    if confirmed:
        return (
            f"“{retest.word}” decides where the heatmap leans on it: to edit it moves the model further than to edit "
            "another word."
        )
    return (
        f"It is not shown that “{retest.word}” decides: to edit it moves the model no further than to edit another "
        "word."
    )


def _moves(retest: Retest, texts: tuple[Retested, ...], which: str) -> str:
    found = moved(texts)
    edit = edit_in_words(retest)
    return (
        f"{edit}, of the {count(len(texts), 'text')} {which}, the edit {_changes(retest, found.changed)}moves "
        f"{_measure(retest)} by {_written(found.moved, number)}."
    )


def _changes(retest: Retest, share: Estimate) -> str:
    """ "changes the answer in 96 % (…) and "; nothing of a score, whose every change is one."""
    return f"changes the answer in {_written(share, percent)} and " if retest.kind.discrete else ""


def _measure(retest: Retest) -> str:
    return f"the probability of “{retest.labels[retest.label]}”" if retest.kind.discrete else "the score"


def _output(retest: Retest) -> str:
    return f"“{retest.labels[retest.label]}”" if retest.kind.discrete else "the score"


def _written(estimate: Estimate, written: Callable[[float], str]) -> str:
    return f"{written(estimate.mean)} ({interval_in_words(estimate, written)})"


def _signed(value: float) -> str:
    return number(value, signed=True)
