"""Mixed models of a study: ordinal for ratings, logistic for what either happens or does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from bcos_core.errors import DataError
from bcos_core.study.statistics.laplace import NoFitError, OrdinalData, OrdinalFit, fit_ordinal
from bcos_core.study.statistics.means import corrected
from bcos_core.study.statistics.observations import Observations, read_observations
from bcos_core.study.statistics.result import CONFIDENCE, Quantity, Result, too_few

MOST_ANSWERS = 20_000
_ASSUMES = (
    "raters and items differ by normal amounts that are the same for every condition; a condition moves every rater "
    "and every item alike; fitted by maximum likelihood with the Laplace approximation; Wald intervals, and a "
    "likelihood-ratio test of all conditions being alike, both of which lean on many raters and items."
)
ORDINAL = "Cumulative logit: a condition multiplies the odds of a higher answer by the same factor at every step; "
LOGISTIC = "Logistic: a condition multiplies the odds of success by one factor; "


def ordinal_mixed_model(answers: pd.DataFrame, *, value: str = "value", reference: str | None = None) -> Result:
    """Log odds ratios of a higher answer, every condition against `reference` (the first by name).

    The whole result's p is the likelihood-ratio test. Also: thresholds, and standard deviations of raters and items.
    DataError for a frame that is not one of answers, or a reference that is not one of its conditions.
    """
    return _model("Ordinal mixed model", ORDINAL, read_observations(answers, value), reference)


def binary_mixed_model(answers: pd.DataFrame, *, value: str = "value", reference: str | None = None) -> Result:
    """Log odds ratios of success, every condition against `reference`; values are 0 or 1.

    DataError for a frame that is not one of answers, for other values, or a reference that is not a condition.
    """
    known = read_observations(answers, value)
    if not np.isin(known.value, (0.0, 1.0)).all():
        raise DataError(f"The column {value} must hold 0 or 1.")
    return _model("Logistic mixed model", LOGISTIC, known, reference)


def _model(test: str, assumes: str, known: Observations, reference: str | None) -> Result:
    if reference is not None and reference not in known.conditions:
        raise DataError(
            f"No answers to the condition {reference!r}. There are: {', '.join(known.conditions) or 'none'}."
        )
    first = 0 if reference is None else known.conditions.index(reference)
    others = [place for place in range(len(known.conditions)) if place != first]
    reason = _reason(known)
    if not reason:
        try:
            return _fitted(test, assumes + _ASSUMES, known, first, others)
        except NoFitError as error:
            reason = str(error)
    return Result(test, assumes + _ASSUMES, known.basis, undefined=reason)


def _reason(known: Observations) -> str:
    if len(known.conditions) < 2:
        return f"A comparison needs two conditions; there are answers to {len(known.conditions)}."
    if known.same:
        return "All answers are equal."
    for place, name in enumerate(known.conditions):
        if np.ptp(of := known.of(place)) == 0 and of[0] in (known.value.min(), known.value.max()):
            return f"All answers to {name} are {of[0]:g}, the end of the scale: its effect has no finite size."
    if len(known.value) > MOST_ANSWERS:
        return f"{len(known.value)} answers; the model is fitted to at most {MOST_ANSWERS}."
    return too_few(len(known.raters), "raters", "a p") or too_few(len(known.items), "items", "a p")


def _fitted(test: str, assumes: str, known: Observations, first: int, others: list[int]) -> Result:
    levels, category = np.unique(known.value, return_inverse=True)
    effects = np.stack([known.condition == place for place in others], 1).astype(float)
    groups = (known.rater, known.item)
    full = fit_ordinal(OrdinalData(category, effects, groups))
    none = fit_ordinal(OrdinalData(category, effects[:, :0], groups))
    ratio = max(0.0, 2 * (full.log_likelihood - none.log_likelihood))
    base = known.conditions[first]
    odds = [
        _wald(f"{known.conditions[place]} against {base}, log odds ratio", value, error, test=True)
        for place, value, error in zip(others, full.effects, full.effect_errors, strict=True)
    ]
    return Result(
        test,
        assumes,
        known.basis,
        (*corrected(odds), *_nuisance(full, levels, ratio)),
        p=float(stats.chi2.sf(ratio, len(others))),
    )


def _nuisance(fit: OrdinalFit, levels: np.ndarray, ratio: float) -> list[Quantity]:
    """What the model needs beside the conditions: where the steps lie, how much raters and items differ."""
    found = [
        _wald(f"threshold {low:g} | {high:g}", value, error)
        for low, high, value, error in zip(levels, levels[1:], fit.thresholds, fit.threshold_errors, strict=False)
    ]
    for name, deviation in zip(("raters", "items"), fit.deviations, strict=True):
        found.append(Quantity(f"standard deviation of {name}", float(deviation)))
    return [*found, Quantity("likelihood ratio χ²", ratio), Quantity("log-likelihood", fit.log_likelihood)]


def _wald(name: str, value: float, error: float, *, test: bool = False) -> Quantity:
    half = float(stats.norm.ppf((1 + CONFIDENCE) / 2)) * error
    p = float(2 * stats.norm.sf(abs(value) / error)) if test else None
    return Quantity(name, float(value), float(value - half), float(value + half), p)
