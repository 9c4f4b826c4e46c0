"""Paired comparisons: the Bradley–Terry scale with ties."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from bcos_core.errors import DataError
from bcos_core.study.statistics.choices import fit_choices, is_bounded, is_linked
from bcos_core.study.statistics.clusters import two_way, with_interval
from bcos_core.study.statistics.means import corrected
from bcos_core.study.statistics.observations import Codes, Numbers, coded, complete
from bcos_core.study.statistics.result import Basis, Quantity, Result

OUTCOMES = ("first", "second", "none")
_ASSUMES = (
    "Each condition has one worth π for all raters and items: the first is preferred with probability "
    "π₁ / (π₁ + π₂ + ν √(π₁ π₂)), nobody with ν √(π₁ π₂) / (…) (Davidson, 1970; without ties, Bradley & Terry, 1952); "
    "which was shown first makes no difference; maximum likelihood, t intervals from a sandwich that is two-way "
    "clustered by raters and items."
)


@dataclass(frozen=True)
class Comparisons:
    """`first`, `second`: places in `conditions`; `outcome`: place in `OUTCOMES`; all (answers,)."""

    first: Codes
    second: Codes
    outcome: Codes
    conditions: tuple[str, ...]

    @property
    def ties(self) -> bool:
        return bool((self.outcome == 2).any())

    def utilities(self) -> Numbers:
        """(answers, outcomes, parameters): what each outcome's log odds are made of.

        Parameters are the log worths of all conditions but the first, and log ν where there are ties.
        """
        size = len(self.conditions)
        worth = np.eye(size)[:, 1:]
        one, other = worth[self.first], worth[self.second]
        if not self.ties:
            return np.stack([one, other], 1)
        zero = np.zeros((len(one), 1))
        tie = np.concatenate([(one + other) / 2, zero + 1], 1)
        return np.stack([np.concatenate([one, zero], 1), np.concatenate([other, zero], 1), tie], 1)


def bradley_terry(comparisons: pd.DataFrame) -> Result:
    """Log worths (about their mean), their differences with p, and ν where somebody had no preference.

    Columns `rater`, `item`, `first`, `second`, `outcome` ("first", "second", "none"). DataError for a frame that
    has not these.
    """
    known = complete(comparisons, ("rater", "item", "first", "second", "outcome"))
    unknown = sorted(set(known["outcome"].astype(str)) - set(OUTCOMES))
    if unknown:
        raise DataError(f"Unknown outcome {unknown[0]!r}. Known: {', '.join(OUTCOMES)}.")
    itself = known["first"].astype(str) == known["second"].astype(str)
    notes = (f"{itself.sum()} comparisons of a condition with itself are left out.",) if itself.any() else ()
    known = known[~itself]
    rater, raters = coded(known["rater"])
    item, items = coded(known["item"])
    data = read_comparisons(known)
    basis = Basis(len(raters), len(items), len(known))
    test = "Bradley–Terry scale" + (" with ties (Davidson)" if data.ties else "")
    reason = unidentified(data)
    if reason:
        return Result(test, _ASSUMES, basis, undefined=reason, notes=notes)
    fit = fit_choices(data.utilities(), data.outcome)
    size = len(data.conditions)
    worth = np.concatenate([[0.0], fit.estimate[: size - 1]])
    influence = np.concatenate([np.zeros((len(known), 1)), fit.influence[:, : size - 1]], 1)

    def quantity(name: str, contrast: Numbers, pair: tuple[str, str] | None = None) -> Quantity:
        spread = two_way(influence @ contrast, rater, item)
        return with_interval(name, float(worth @ contrast), spread, test=pair is not None, pair=pair)

    centred = np.eye(size) - 1 / size
    scale = [quantity(f"log worth of {name}", row) for name, row in zip(data.conditions, centred, strict=True)]
    apart = [
        quantity(f"{one} − {other}", np.eye(size)[i] - np.eye(size)[j], (one, other))
        for (i, one), (j, other) in combinations(enumerate(data.conditions), 2)
    ]
    tie = [Quantity("ν, weight of no preference", float(np.exp(fit.estimate[-1])))] if data.ties else []
    return Result(test, _ASSUMES, basis, (*scale, *corrected(apart), *tie), notes=notes)


def read_comparisons(frame: pd.DataFrame) -> Comparisons:
    """The columns `first`, `second`, `outcome` as places."""
    both, conditions = coded(pd.concat([frame["first"], frame["second"]]))
    outcome = frame["outcome"].astype(str).map(OUTCOMES.index).to_numpy(dtype=np.intp)
    return Comparisons(both[: len(frame)], both[len(frame) :], outcome, conditions)


def unidentified(data: Comparisons) -> str:
    """Why there is no finite maximum of the likelihood; empty where there is one.

    The model is a multinomial logit; see `choices.is_bounded`.
    """
    if len(data.conditions) < 2:
        return f"A comparison needs two conditions; there are {len(data.conditions)}."
    if (data.outcome == 2).all():
        return "Nobody preferred anything."
    utilities = data.utilities()
    if not is_linked(utilities, data.outcome):
        return "The conditions fall into groups that were never compared with each other."
    if is_bounded(utilities, data.outcome):
        return ""
    names = enumerate(data.conditions)
    won, lost = _won_and_lost(data)
    extreme = [f"{name} was never preferred" for place, name in names if not won[place]]
    extreme += [f"{name} always was" for place, name in enumerate(data.conditions) if not lost[place]]
    why = "; ".join(extreme) or "some conditions were preferred to the others without exception"
    return f"The distances have no finite size: {why}."


def _won_and_lost(data: Comparisons) -> tuple[Numbers, Numbers]:
    """How often each condition was preferred, and how often it was not."""
    size = len(data.conditions)
    first, second = data.outcome == 0, data.outcome == 1
    won = np.bincount(data.first[first], minlength=size) + np.bincount(data.second[second], minlength=size)
    shown = np.bincount(data.first, minlength=size) + np.bincount(data.second, minlength=size)
    return won.astype(float), (shown - won).astype(float)
