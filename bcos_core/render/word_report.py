"""The words of a model as a report that a person can hand in: what it uses, and whether what it leans on decides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape

import pandas as pd

from bcos_core import __version__
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.retest import Retest
from bcos_core.evaluate.vocabulary import WordUse
from bcos_core.evaluate.vocabulary_run import ModelVocabulary
from bcos_core.numbers import count, number
from bcos_core.render.markdown import markdown_table
from bcos_core.render.report import PAGE_STYLE
from bcos_core.render.retest import retest_protocol, retest_sentences

SHOWN = 15
"""Words of each side of an output."""
_NOT_ASKED = (
    "No word was edited. A contribution says what the model's own computation adds up to; whether a word decides, an "
    "edit shows."
)


def word_report_markdown(model: str, content: str, found: ModelVocabulary, retests: Sequence[Retest]) -> str:
    """The report on a `model`, whose files have the identity `content`, as Markdown."""
    parts = [f"# What does {model} use words for?", *_facts(content, found), "## Words that it leans on"]
    for label, name in enumerate(found.labels):
        for title, uses in _sides(found, label):
            parts.append(f"### {title} “{name}”")
            parts.append(markdown_table(_table(uses), _caption(found)))
    parts.append("## Do they decide?")
    for retest in retests:
        parts += [f"### “{retest.word}”", *retest_sentences(retest), retest_protocol(retest)]
    return "\n\n".join([*parts, *([] if retests else [_NOT_ASKED])]) + "\n"


def word_report_html(model: str, content: str, found: ModelVocabulary, retests: Sequence[Retest]) -> str:
    """The same as one HTML page that stands alone: nothing is loaded, no script runs."""
    facts = "".join(f"<p class='note'>{escape(fact)}</p>\n" for fact in _facts(content, found))
    words = "".join(
        f"<h3>{escape(title)} “{escape(name)}”</h3>\n{_html_table(uses)}"
        for label, name in enumerate(found.labels)
        for title, uses in _sides(found, label)
    )
    tested = "".join(
        f"<h3>“{escape(retest.word)}”</h3>\n<p><strong>{escape(first)}</strong> {escape(' '.join(others))}</p>\n"
        f"<p class='note'>{escape(retest_protocol(retest))}</p>\n"
        for retest in retests
        for first, *others in [retest_sentences(retest)]
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f"<title>Words of {escape(model)}</title><style>{PAGE_STYLE}</style></head><body>\n"
        f"<h1>What does {escape(model)} use words for?</h1>\n{facts}<h2>Words that it leans on</h2>\n"
        f"<p class='note'>{escape(_caption(found))}</p>\n{words}<h2>Do they decide?</h2>\n"
        f"{tested or f'<p>{escape(_NOT_ASKED)}</p>'}\n</body></html>\n"
    )


def _facts(content: str, found: ModelVocabulary) -> list[str]:
    return [
        f"{METHODS[found.method].title} on {count(found.texts, 'test text')}. Files of the model: {content}. Made "
        f"{datetime.now(UTC):%Y-%m-%d} with version {__version__}."
    ]


def _caption(found: ModelVocabulary) -> str:
    return (
        "Mean contribution over the texts that have the word (at least five), with its 95 % bootstrap interval over "
        "texts. Of many words, some intervals leave out 0 by chance."
    )


def _sides(found: ModelVocabulary, label: int) -> list[tuple[str, list[WordUse]]]:
    """What speaks most for an output, and most against it, the strongest first."""
    uses = [use for use in found.uses if use.label == label]
    shown = min(SHOWN, len(uses) // 2)
    return [("What speaks for", uses[:shown]), ("What speaks against", uses[::-1][:shown])]


def _table(uses: Sequence[WordUse]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"word": use.word, "mean contribution": use.mean, "low": use.low, "high": use.high, "texts": use.texts}
            for use in uses
        ]
    )


def _html_table(uses: Sequence[WordUse]) -> str:
    rows = "".join(
        f"<tr><td>{escape(use.word)}</td><td class='figure'>{number(use.mean, signed=True)}</td>"
        f"<td class='figure'>{_interval(use)}</td><td class='figure'>{use.texts}</td></tr>"
        for use in uses
    )
    return (
        "<table><tr><th>Word</th><th class='figure'>Mean contribution</th><th class='figure'>95 % interval</th>"
        f"<th class='figure'>Texts</th></tr>{rows}</table>\n"
    )


def _interval(use: WordUse) -> str:
    if use.low is None or use.high is None:
        return "–"
    return f"{number(use.low, signed=True)} to {number(use.high, signed=True)}"
