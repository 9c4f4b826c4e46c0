"""Every test of a study in one table: what was compared, by which test, and what came out."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from bcos_core.study.analysis import Analysis
from bcos_core.study.statistics.result import Quantity, Result

COLUMNS = ("question", "test", "compared", "value", "low", "high", "p", "p (Holm)", "note")


def tests_table(analyses: Iterable[Analysis]) -> pd.DataFrame:
    """One row a test, in the order of the analyses: those that have a p, and those that would if there were enough
    answers, with the reason."""
    rows = [row for analysis in analyses for result in analysis.results for row in _rows(analysis.title, result)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(question: str, result: Result) -> list[tuple[object, ...]]:
    head = (question, result.test)
    if result.undefined:
        return [(*head, "–", None, None, None, None, None, result.undefined)]
    whole = [(*head, "all conditions", None, None, None, result.p, None, "")] if result.p is not None else []
    return whole + [
        (*head, one.name, one.value, one.low, one.high, one.p, one.corrected_p, one.undefined)
        for one in result.quantities
        if _is_test(one)
    ]


def _is_test(one: Quantity) -> bool:
    return one.p is not None or one.pair is not None
