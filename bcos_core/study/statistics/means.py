"""Means per condition, and differences between conditions within raters and items."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bcos_core.evaluate.statistics import holm
from bcos_core.study.statistics.clusters import two_way, with_interval
from bcos_core.study.statistics.observations import Numbers, Observations, read_observations
from bcos_core.study.statistics.result import Quantity, Result

SAMPLED = (
    "Raters and items are samples of those that could have been asked and shown; answers of different raters to "
    "different items are independent; t intervals from two-way cluster-robust variances (Cameron, Gelbach & Miller, "
    "2011)."
)
WITHIN = (
    "Differences are least squares with an effect of every rater and every item, so that strict raters and hard items "
    "cancel, also where cells are missing; a missing answer has nothing to do with what it would have been. "
)


def condition_means(answers: pd.DataFrame, *, value: str = "value", test: bool = False) -> Result:
    """Mean answer of each condition with its 95 % interval, and the p of its being 0 if `test`.

    DataError for a frame that is not one of answers.
    """
    known = read_observations(answers, value)
    quantities = [mean(known, condition, test=test) for condition in range(len(known.conditions))]
    undefined = "" if len(known.value) else "There are no answers."
    return Result("Means per condition", SAMPLED, known.basis, tuple(quantities), undefined=undefined)


def mean(known: Observations, condition: int, *, test: bool = False) -> Quantity:
    """Mean answer of one condition, every answer counting the same; with the p of its being 0 if `test`."""
    chosen = known.condition == condition
    value = float(known.value[chosen].mean())
    spread = two_way((known.value[chosen] - value) / chosen.sum(), known.rater[chosen], known.item[chosen])
    return with_interval(known.conditions[condition], value, spread, test=test)


def condition_differences(answers: pd.DataFrame, *, value: str = "value") -> Result:
    """Every condition minus every later one (by name), with interval, p, and p after Holm's correction.

    DataError for a frame that is not one of answers.
    """
    known = read_observations(answers, value)
    test = "Differences between conditions, within raters and items"
    if len(known.conditions) < 2:
        reason = f"A difference needs two conditions; there are answers to {len(known.conditions)}."
        return Result(test, WITHIN + SAMPLED, known.basis, undefined=reason)
    fit = least_squares(known)
    found = [difference(known, fit, one, other) for one, other in combinations(range(len(known.conditions)), 2)]
    return Result(test, WITHIN + SAMPLED, known.basis, corrected(found))


def corrected(quantities: list[Quantity]) -> tuple[Quantity, ...]:
    """The quantities with Holm's correction over those that have a p."""
    tested = [place for place, quantity in enumerate(quantities) if quantity.p is not None]
    after = holm([p for quantity in quantities if (p := quantity.p) is not None])
    found = list(quantities)
    for place, p in zip(tested, after, strict=True):
        found[place] = replace(found[place], corrected_p=p)
    return tuple(found)


@dataclass(frozen=True)
class LeastSquares:
    """`design`: (answers, conditions + raters + items) of 0 and 1, `inverse`: generalised, of design'design."""

    design: Numbers
    inverse: Numbers
    residual: Numbers


def least_squares(known: Observations) -> LeastSquares:
    """value = condition + rater + item + residual."""
    sizes = (len(known.conditions), len(known.raters), len(known.items))
    design = np.zeros((len(known.value), sum(sizes)))
    rows = np.arange(len(known.value))
    for start, codes in zip(
        (0, sizes[0], sizes[0] + sizes[1]), (known.condition, known.rater, known.item), strict=True
    ):
        design[rows, start + codes] = 1.0
    inverse = np.asarray(np.linalg.pinv(design.T @ design, rcond=1e-10, hermitian=True), dtype=np.float64)
    coefficients = inverse @ (design.T @ known.value)
    return LeastSquares(design, inverse, known.value - design @ coefficients)


def difference(known: Observations, fit: LeastSquares, one: int, other: int) -> Quantity:
    """Condition `one` minus condition `other`."""
    pair = (known.conditions[one], known.conditions[other])
    name = " − ".join(pair)
    contrast: NDArray[np.float64] = np.zeros(fit.design.shape[1])
    contrast[one], contrast[other] = 1.0, -1.0
    weights = fit.design @ (fit.inverse @ contrast)
    # Estimable only if some combination of answers has exactly this contrast as its expectation.
    if np.abs(fit.design.T @ weights - contrast).max() > 1e-6:
        return Quantity(
            name, undefined="No rater and no item links the two conditions, so they cannot be compared.", pair=pair
        )
    part = np.abs(weights) > 1e-12  # a rater of one condition only, whose own effect takes up the answers, has no part
    spread = two_way((weights * fit.residual)[part], known.rater[part], known.item[part])
    return with_interval(name, float(weights @ known.value), spread, test=True, pair=pair)
