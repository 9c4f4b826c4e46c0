"""How far raters agree beyond chance: Krippendorff's α."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bcos_core.errors import UnknownNameError
from bcos_core.study.statistics.alpha import DIFFERENCES, krippendorff_alpha
from bcos_core.study.statistics.observations import Observations, read_observations
from bcos_core.study.statistics.resample import item_intervals
from bcos_core.study.statistics.result import Result

LEVELS = tuple(DIFFERENCES)
_ASSUMES = (
    "Raters are interchangeable, and an item in one condition is one thing to be rated; 1 is agreement, 0 is what "
    "chance gives, below 0 is systematic disagreement; things that only one rater has seen do not count; 95 % "
    "percentile bootstrap interval over items (Krippendorff, Content Analysis, 2004, ch. 11)."
)


def agreement(answers: pd.DataFrame, *, level: str = "ordinal", value: str = "value") -> Result:
    """Krippendorff's α over (item, condition), on a `level` of measurement: "nominal", "ordinal", "interval", "ratio".

    DataError for a frame that is not one of answers or has ratios below zero, UnknownNameError for another level.
    """
    if level not in LEVELS:
        raise UnknownNameError("level of measurement", level, LEVELS)
    known = read_observations(answers, value)
    test = f"Krippendorff's α, {level}"
    domain = np.unique(known.value)
    counts, items = _counts(known, domain)
    reason = _reason(known, counts)
    if reason:
        return Result(test, _ASSUMES, known.basis, undefined=reason)

    def alpha(taken: NDArray[np.intp]) -> float | None:
        return krippendorff_alpha(counts[taken], domain, level)

    point = alpha(np.arange(len(counts)))
    assert point is not None
    (interval,) = item_intervals(lambda taken: (alpha(taken),), items)
    return Result(test, _ASSUMES, known.basis, (interval.around("α", point),))


def _counts(known: Observations, domain: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """How often each thing got each value, (things, values), and each thing's item; only things seen by two raters.

    A rater's second answer to the same thing is not a second rater's: the first counts.
    """
    thing = known.item.astype(np.int64) * len(known.conditions) + known.condition
    seen = pd.DataFrame({"thing": thing, "rater": known.rater, "value": np.searchsorted(domain, known.value)})
    seen = seen.drop_duplicates(["thing", "rater"])
    table = pd.crosstab(seen["thing"], seen["value"]).reindex(columns=range(len(domain)), fill_value=0)
    table = table[table.sum(axis=1) >= 2]
    return table.to_numpy().astype(np.intp), table.index.to_numpy().astype(np.intp) // max(1, len(known.conditions))


def _reason(known: Observations, counts: NDArray[np.intp]) -> str:
    if len(known.raters) < 2:
        return f"Agreement needs two raters; there are {len(known.raters)}."
    if not len(counts):
        return "No item was answered by two raters in the same condition."
    if (counts.sum(0) > 0).sum() < 2:
        return "All answers are equal, so there is nothing to agree about beyond chance."
    return ""
