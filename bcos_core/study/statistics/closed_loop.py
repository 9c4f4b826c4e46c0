"""The closed loop: does an automatic score say what people say about the same explanations?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bcos_core.study.statistics.observations import Numbers, complete, read_observations
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
    known = read_observations(answers, value)
    cells = _cells(scores, answers, value)
    basis = Basis(len(known.raters), cells["item"].nunique(), len(known.value))
    test = "Closed loop: score against mean rating"
    if not len(cells):
        return Result(test, _ASSUMES, basis, undefined="No item has both a score and an answer in the same condition.")
    item = pd.factorize(cells["item"])[0].astype(np.intp)
    score, rating = cells["score"].to_numpy(dtype=float), cells["rating"].to_numpy(dtype=float)
    correlations = RankCorrelations(score, rating)

    def overall(taken: NDArray[np.intp]) -> tuple[float | None, float | None]:
        return correlations(taken) if len(taken) >= _FEWEST else (None, None)

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
    return Result(test, _ASSUMES, basis, (*found, _within(item, correlations)))


def _cells(scores: pd.DataFrame, answers: pd.DataFrame, value: str) -> pd.DataFrame:
    """One row per (item, condition) that has both: `item`, `condition`, `score`, `rating`; repeated scores averaged."""
    keys = ["item", "condition"]
    given = complete(scores, ("item", "condition"), ("score",)).astype({"item": str, "condition": str})
    rated = complete(answers, ("rater", "item", "condition"), (value,)).astype({"item": str, "condition": str})
    means = rated.groupby(keys)[value].mean().round(9).rename("rating")
    return given.groupby(keys)["score"].mean().to_frame().join(means, how="inner").reset_index()


class RankCorrelations:
    """Spearman's ρ and Kendall's τ_b of any rows, with repetition, from the signs of all pairs of rows.

    The signs are taken once, so that a resample costs five products with a vector w of how often each row was drawn:
    twice a row's centred midrank is Σ_j w_j sign(x_i − x_j). Memory is rows² numbers.
    """

    def __init__(self, score: Numbers, rating: Numbers) -> None:
        self.one, self.other = (np.sign(values[:, None] - values[None]) for values in (score, rating))
        self.both, self.apart = self.one * self.other, (self.one * self.one, self.other * self.other)

    def __call__(self, taken: NDArray[np.intp]) -> tuple[float | None, float | None]:
        """(ρ, τ_b), None where all scores or all ratings are equal."""
        times = np.bincount(taken, minlength=len(self.both)).astype(float)
        untied, untied_other = (float(times @ (table @ times)) for table in self.apart)
        if untied == 0 or untied_other == 0:
            return None, None
        rank, rank_other = self.one @ times, self.other @ times
        rho = (times * rank) @ rank_other / ((times @ rank**2) * (times @ rank_other**2)) ** 0.5
        return float(rho), float(times @ (self.both @ times)) / (untied * untied_other) ** 0.5


def _within(item: NDArray[np.intp], correlations: RankCorrelations) -> Quantity:
    """Mean over items of τ_b between an item's scores and its mean ratings, where neither is constant."""
    name = "Kendall's τ_b, within items"
    per_item = [value for one in np.unique(item) if (value := correlations(np.flatnonzero(item == one))[1]) is not None]
    if not per_item:
        return Quantity(name, undefined="No item has two conditions that differ in both score and mean rating.")
    each = np.asarray(per_item)
    (interval,) = item_intervals(lambda taken: (float(each[taken].mean()),), np.arange(len(each)))
    return interval.around(name, float(each.mean()))
