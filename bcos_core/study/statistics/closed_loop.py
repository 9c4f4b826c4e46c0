"""The closed loop: does an automatic score say what people say about the same explanations?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from bcos_core.study.statistics.answers import Numbers, complete, read_answers
from bcos_core.study.statistics.resample import item_intervals
from bcos_core.study.statistics.result import Basis, Quantity, Result

_ASSUMES = (
    "Items are a sample; 95 % percentile bootstrap intervals over items, with all conditions of an item together; each "
    "mean rating is taken as it is, so few raters per item pull every correlation towards 0. Overall mixes differences "
    "between conditions, between items, and within items; within items, only the order of one item's conditions counts "
    "(mean over items)."
)
_Statistic = Callable[[NDArray[np.intp]], float | None]
_FEWEST = 3  # of points for a correlation: two always give ±1


def closed_loop(scores: pd.DataFrame, answers: pd.DataFrame, *, value: str = "value") -> Result:
    """Rank correlations of a score with the mean human rating per (item, condition).

    `scores` has the columns `item`, `condition`, `score`; `answers` those of a study. Spearman's ρ and Kendall's τ_b
    overall, and the mean τ_b within items. DataError for frames that have not these.
    """
    known = read_answers(answers, value)
    cells = _cells(scores, answers, value)
    basis = Basis(len(known.raters), cells["item"].nunique(), len(known.value))
    test = "Closed loop: score against mean rating"
    if not len(cells):
        return Result(test, _ASSUMES, basis, undefined="No item has both a score and an answer in the same condition.")
    item = pd.factorize(cells["item"])[0].astype(np.intp)
    score, rating = cells["score"].to_numpy(dtype=float), cells["rating"].to_numpy(dtype=float)
    within = _within(item, score, rating)
    named = (
        ("Spearman's ρ, overall", _overall(score, rating, _spearman)),
        ("Kendall's τ_b, overall", _overall(score, rating, _kendall)),
    )
    point = [statistic(np.arange(len(item))) for _, statistic in named]
    intervals = item_intervals(lambda taken: [statistic(taken) for _, statistic in named], item)
    constant = next(
        (f"All {what} are equal." for what, of in (("scores", score), ("ratings", rating)) if np.ptp(of) == 0), ""
    )
    reason = (
        constant or f"A correlation needs {_FEWEST} explanations with a score and a rating; there are {len(cells)}."
    )
    found = [
        Quantity(name, undefined=reason) if value is None else interval.around(name, value)
        for (name, _), value, interval in zip(named, point, intervals, strict=True)
    ]
    return Result(test, _ASSUMES, basis, (*found, within))


def _cells(scores: pd.DataFrame, answers: pd.DataFrame, value: str) -> pd.DataFrame:
    """One row per (item, condition) that has both: `item`, `condition`, `score`, `rating`; repeated scores averaged."""
    keys = ["item", "condition"]
    given = complete(scores, ("item", "condition"), ("score",)).astype({"item": str, "condition": str})
    rated = complete(answers, ("rater", "item", "condition"), (value,)).astype({"item": str, "condition": str})
    means = rated.groupby(keys)[value].mean().round(9).rename("rating")
    return given.groupby(keys)["score"].mean().to_frame().join(means, how="inner").reset_index()


def _overall(score: Numbers, rating: Numbers, correlation: Callable[[Numbers, Numbers], float]) -> _Statistic:
    def of(taken: NDArray[np.intp]) -> float | None:
        one, other = score[taken], rating[taken]
        if len(np.unique(taken)) < _FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
            return None
        return correlation(one, other)

    return of


def _spearman(one: Numbers, other: Numbers) -> float:
    return float(np.corrcoef(stats.rankdata(one), stats.rankdata(other))[0, 1])


def _kendall(one: Numbers, other: Numbers) -> float:
    return float(stats.kendalltau(one, other).statistic)


def _within(item: NDArray[np.intp], score: Numbers, rating: Numbers) -> Quantity:
    """Mean over items of τ_b between an item's scores and its mean ratings, where neither is constant."""
    name = "Kendall's τ_b, within items"
    per_item = [
        _kendall(score[rows], rating[rows])
        for one in np.unique(item)
        if len(rows := np.flatnonzero(item == one)) >= 2 and np.ptp(score[rows]) > 0 and np.ptp(rating[rows]) > 0
    ]
    if not per_item:
        return Quantity(name, undefined="No item has two conditions that differ in both score and mean rating.")
    each = np.asarray(per_item)
    (interval,) = item_intervals(lambda taken: (float(each[taken].mean()),), np.arange(len(each)))
    return interval.around(name, float(each.mean()))
