"""Every test of a study in one table: what was compared, by which test, and what came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from bcos_core.study.analysis import Analysis
from bcos_core.study.finding import NOISE
from bcos_core.study.statistics.result import Quantity, Result

COLUMNS = ("compared", "value", "low", "high", "p", "p (Holm)", "test", "question", "note")


def tests_table(analyses: Iterable[Analysis], names: Mapping[str, str]) -> pd.DataFrame:
    """One row a test, in the order of the analyses: those that have a p, and those that would if there were enough
    answers, with the reason. `names`: title of a condition → what it is called here."""
    rows = [
        row
        for analysis in analyses
        for result in analysis.results
        for row in _rows(analysis.title, result_called(result, names))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def called(text: str, names: Mapping[str, str]) -> str:
    """`text` with the titles of conditions in it replaced by what these are called here."""
    for title in sorted(names, key=len, reverse=True):  # one title may be the beginning of another
        text = text.replace(title, names[title])
    return text


def result_called(result: Result, names: Mapping[str, str]) -> Result:
    """The result with every text in it as `called` writes it."""
    quantities = tuple(
        replace(one, name=called(one.name, names), undefined=called(one.undefined, names)) for one in result.quantities
    )
    notes = tuple(called(note, names) for note in result.notes)
    return replace(result, quantities=quantities, undefined=called(result.undefined, names), notes=notes)


def _rows(question: str, result: Result) -> list[tuple[object, ...]]:
    tail = (result.test, question)
    if result.undefined:
        return [("–", None, None, None, None, None, *tail, result.undefined)]
    whole = [("all conditions", None, None, None, result.p, None, *tail, "")] if result.p is not None else []
    return whole + [
        (
            one.name,
            *_numbers(one),
            one.p,
            one.corrected_p,
            *tail,
            one.undefined,
        )
        for one in result.quantities
        if _is_test(one)
    ]


def _numbers(one: Quantity) -> tuple[float | None, ...]:
    """Value and interval; what is only rounding of the arithmetic is 0."""
    return tuple(0.0 if end is not None and abs(end) < NOISE else end for end in (one.value, one.low, one.high))


def _is_test(one: Quantity) -> bool:
    return one.p is not None or one.pair is not None
