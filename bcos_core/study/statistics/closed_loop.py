"""The closed loop: does an automatic score say what people say about the same explanations?"""

from __future__ import annotations

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
_OVERALL = ("Spearman's ρ, overall", "Kendall's τ_b, overall")
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
    tau = _Kendall(score, rating)

    def overall(taken: NDArray[np.intp]) -> tuple[float | None, float | None]:
        one, other = score[taken], rating[taken]
        if len(taken) < _FEWEST or np.ptp(one) == 0 or np.ptp(other) == 0:
            return None, None
        return _spearman(one, other), tau(taken)

    point, intervals = overall(np.arange(len(item))), item_intervals(overall, item)
    constant = next(
        (f"All {what} are equal." for what, of in (("scores", score), ("ratings", rating)) if np.ptp(of) == 0), ""
    )
    reason = (
        constant or f"A correlation needs {_FEWEST} explanations with a score and a rating; there are {len(cells)}."
    )
    found = [
        Quantity(name, undefined=reason) if value is None else interval.around(name, value)
        for name, value, interval in zip(_OVERALL, point, intervals, strict=True)
    ]
    return Result(test, _ASSUMES, basis, (*found, _within(item, tau)))


def _cells(scores: pd.DataFrame, answers: pd.DataFrame, value: str) -> pd.DataFrame:
    """One row per (item, condition) that has both: `item`, `condition`, `score`, `rating`; repeated scores averaged."""
    keys = ["item", "condition"]
    given = complete(scores, ("item", "condition"), ("score",)).astype({"item": str, "condition": str})
    rated = complete(answers, ("rater", "item", "condition"), (value,)).astype({"item": str, "condition": str})
    means = rated.groupby(keys)[value].mean().round(9).rename("rating")
    return given.groupby(keys)["score"].mean().to_frame().join(means, how="inner").reset_index()


def _spearman(one: Numbers, other: Numbers) -> float:
    return float(np.corrcoef(stats.rankdata(one), stats.rankdata(other))[0, 1])


class _Kendall:
    """τ_b of any rows, with repetition: the signs of all pairs are taken once, so that a resample costs little."""

    def __init__(self, score: Numbers, rating: Numbers) -> None:
        one, other = (np.sign(values[:, None] - values[None]) for values in (score, rating))
        self.both, self.one, self.other = one * other, one * one, other * other

    def __call__(self, taken: NDArray[np.intp]) -> float | None:
        """None where one of the two is constant."""
        times = np.bincount(taken, minlength=len(self.both)).astype(float)
        here = np.flatnonzero(times)
        times = times[here]
        both, one, other = (times @ table[np.ix_(here, here)] @ times for table in (self.both, self.one, self.other))
        return float(both / (one * other) ** 0.5) if one > 0 and other > 0 else None


def _within(item: NDArray[np.intp], tau: _Kendall) -> Quantity:
    """Mean over items of τ_b between an item's scores and its mean ratings, where neither is constant."""
    name = "Kendall's τ_b, within items"
    per_item = [value for one in np.unique(item) if (value := tau(np.flatnonzero(item == one))) is not None]
    if not per_item:
        return Quantity(name, undefined="No item has two conditions that differ in both score and mean rating.")
    each = np.asarray(per_item)
    (interval,) = item_intervals(lambda taken: (float(each[taken].mean()),), np.arange(len(each)))
    return interval.around(name, float(each.mean()))
