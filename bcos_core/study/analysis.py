"""What is said about one thing that was asked, and the analyses that several protocols have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from bcos_core.study.locked import LockedStudy
from bcos_core.study.question import Question
from bcos_core.study.statistics.agreement import agreement
from bcos_core.study.statistics.means import condition_differences, condition_means
from bcos_core.study.statistics.mixed import binary_mixed_model, ordinal_mixed_model
from bcos_core.study.statistics.ranks import friedman, pairwise_wilcoxon
from bcos_core.study.statistics.result import Result


@dataclass(frozen=True)
class Analysis:
    """What is said about one thing that was asked: its results, the first ones to be read first, and the values
    behind them, one row an answer with `rater`, `item`, `condition`, `value`. `scale`: every value that can be given →
    what it means; none where they cannot be listed."""

    title: str
    results: tuple[Result, ...]
    values: pd.DataFrame
    scale: Mapping[float, str] = field(default_factory=dict)

    @property
    def compared(self) -> Result:
        """The result whose differences are said first; where there are none, one that says why."""
        return next((one for one in self.results if any(each.pair for each in one.quantities)), self.results[0])


def one_each(table: pd.DataFrame, value: Any) -> pd.DataFrame:
    """The rows of `table` with one `value` each, a number or a column of them."""
    return table[["rater", "item", "condition"]].assign(value=value)


def scales(table: pd.DataFrame, locked: LockedStudy) -> list[Analysis]:
    """One analysis for each question, all of which are asked on scales."""
    return [scale(question, table) for question in locked.design.questions]


def scale(question: Question, table: pd.DataFrame) -> Analysis:
    """Points of a scale: means first, then what needs no equal distances between points, then the mixed model."""
    given = table[question.name] if question.name in table else pd.Series(dtype=float)
    values = one_each(table.loc[given.dropna().index], given.dropna().astype(float))
    return Analysis(
        question.prompt,
        (
            condition_means(values),
            condition_differences(values),
            agreement(values),
            friedman(values),
            pairwise_wilcoxon(values),
            ordinal_mixed_model(values),
        ),
        values,
        scale={float(point): label for point, label in enumerate(question.labels, 1)},
    )


def binary(title: str, values: pd.DataFrame) -> Analysis:
    """What either happened (1) or did not (0)."""
    results = (condition_means(values), condition_differences(values), binary_mixed_model(values))
    return Analysis(title, (*results, agreement(values, level="nominal")), values, scale={0.0: "no", 1.0: "yes"})
