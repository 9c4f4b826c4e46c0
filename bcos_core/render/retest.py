"""A retest in words, as a table, and as a report that a person can hand in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import pandas as pd

from bcos_core import __version__
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.figures import few_texts, interval_in_words
from bcos_core.evaluate.retest import (
    TOP,
    Moved,
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
    leans = f"in which the heatmap leans on “{retest.word}”"
    said = [
        _finding(retest),
        f"{count(len(leaning), 'text')} {leans}: {_done(retest)}, {_moves(retest, moved(leaning))}.",
    ]
    by_lot = moved_by_lot(leaning)
    if by_lot.moved.n:
        discrete = retest.kind.discrete
        gap, p = beyond_lot(leaning, answers=discrete)
        said.append(
            f"The same edit of another word of each of these texts, drawn by lot: {_moves(retest, by_lot)}. The "
            f"difference in {'changed answers' if discrete else 'how far the score moves'} is "
            f"{_written(gap, _points if discrete else _signed)}, p = {number(p)} (sign-flip test)."
        )
    if others:
        said.append(
            f"{count(len(others), 'text')} with “{retest.word}” in which the heatmap does not lean on it: "
            f"{_moves(retest, moved(others))}."
        )
    before, after, change = figure_change(leaning)
    metric = retest.kind.each_metric
    said.append(
        f"{metric.title} on the texts that it leans on: {metric.written(before.mean)} before, "
        f"{metric.written(after.mean)} after, a change of "
        f"{_written(change, _points if metric.share else _signed)}."
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
        f"# Does “{retest.word}” decide?\n\n{sentences}\n\n## What was done\n\n{retest_protocol(retest)}\n\n{facts}\n\n"
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
        + f"<h2>What was done</h2>\n<p>{escape(retest_protocol(retest))}</p>\n<table>{facts}</table>\n"
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


def retest_protocol(retest: Retest) -> str:
    """What was done, and when a word is said to decide."""
    return (
        f"The model is asked every text that has the word, then the text {_done(retest)}, wherever it stands. The "
        f"heatmap leans on a word that is among the {TOP} words of its text with the largest contributions to "
        f"{_output(retest)}, by size. Shares have Wilson's interval, means the bootstrap's over texts; the difference "
        "with a word drawn by lot is paired. The word is said to decide where the interval of that difference lies "
        "above 0 and the sign-flip test has p below 0.05: that a probability moves a little more decides nothing."
    )


def _done(retest: Retest) -> str:
    """ "without “great”"."""
    done = WORD_EDITS[retest.edit].done.format(word=f"“{retest.word}”", other=f"“{retest.other}”")
    return done[0].lower() + done[1:]


def _finding(retest: Retest) -> str:
    confirmed, discrete = is_confirmed(retest), retest.kind.discrete
    if confirmed is None:
        return f"Too few texts say whether “{retest.word}” decides."
    if confirmed:
        does = "changes more answers" if discrete else "moves the score further"
        return f"“{retest.word}” decides where the heatmap leans on it: its edit {does} than that of another word."
    does = "change more answers" if discrete else "move the score further"
    return (
        f"It is not shown that “{retest.word}” decides where the heatmap leans on it: its edit was not seen to {does} "
        "than that of another word."
    )


def _moves(retest: Retest, found: Moved) -> str:
    """ "the answer changes in 96 % (…), and the probability of “good” moves by 0.41 (…)"; of a score the second."""
    moves = f"{_measure(retest)} moves by {_written(found.moved, number)}"
    return f"the answer changes in {_written(found.changed, percent)}, and {moves}" if retest.kind.discrete else moves


def _measure(retest: Retest) -> str:
    return f"the probability of “{retest.labels[retest.label]}”" if retest.kind.discrete else "the score"


def _output(retest: Retest) -> str:
    return f"“{retest.labels[retest.label]}”" if retest.kind.discrete else "the score"


def _written(estimate: Estimate, written: Callable[[float], str]) -> str:
    return f"{written(estimate.mean)} ({interval_in_words(estimate, written)})"


def _points(value: float) -> str:
    return f"{number(100 * value, signed=True)} points"


def _signed(value: float) -> str:
    return number(value, signed=True)
