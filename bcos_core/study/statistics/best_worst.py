"""Best–worst scaling: of several conditions at once, which is best and which is worst.

Louviere, Flynn & Marley, *Best-Worst Scaling: Theory, Methods and Applications* (2015); for judgements of texts,
Kiritchenko & Mohammad, "Best-Worst Scaling More Reliable than Rating Scales" (ACL 2017).
"""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd

from bcos_core.errors import DataError
from bcos_core.study.statistics.choices import fit_choices, is_bounded, is_linked
from bcos_core.study.statistics.clusters import two_way, with_interval
from bcos_core.study.statistics.means import corrected
from bcos_core.study.statistics.observations import Codes, Numbers, coded
from bcos_core.study.statistics.result import Basis, Quantity, Result

COUNTED = (
    "A condition's score in a set is 1 where it is chosen as best, −1 as worst, else 0; the mean is how often it was "
    "best minus how often it was worst, by how often it was shown (Kiritchenko & Mohammad, 2017), from −1 to 1. "
)
_ASSUMES = (
    "Each condition has one worth λ for all raters and items; of a set, i is chosen as best and j as worst with a "
    "probability in proportion to exp(λ_i − λ_j) (the maxdiff model of Marley & Louviere, 2005); the place in the set "
    "makes no difference; maximum likelihood, t intervals from a sandwich that is two-way clustered by raters and "
    "items."
)


def counting_scores(sets: pd.DataFrame) -> pd.DataFrame:
    """1 for the best, −1 for the worst, 0 for the others: one row for each condition of a set, with `rater`, `item`,
    `condition`, `value`. `sets` has the columns `rater`, `item`, `shown` (a tuple of conditions), `best`, `worst`."""
    rows = [
        (one.rater, one.item, condition, float(condition == one.best) - float(condition == one.worst))
        for one in sets.itertuples()
        for condition in one.shown
    ]
    return pd.DataFrame(rows, columns=["rater", "item", "condition", "value"])


def best_worst_logit(sets: pd.DataFrame) -> Result:
    """Log worths (about their mean), and their differences with p; columns as in `counting_scores`.

    DataError where a set is not of one size, or best and worst are not two of its conditions.
    """
    test = "Best–worst logit (maxdiff)"
    rater, raters = coded(sets["rater"])
    item, items = coded(sets["item"])
    basis = Basis(len(raters), len(items), len(sets))
    if not len(sets):
        return Result(test, _ASSUMES, basis, undefined="There are no answers.")
    names, utilities, chosen = _choices(sets)
    if not is_linked(utilities, chosen):
        reason = "The conditions fall into groups that were never shown together."
        return Result(test, _ASSUMES, basis, undefined=reason)
    if not is_bounded(utilities, chosen):
        reason = "The distances have no finite size: some conditions were put above the others without exception."
        return Result(test, _ASSUMES, basis, undefined=reason)
    fit = fit_choices(utilities, chosen)
    worth = np.concatenate([[0.0], fit.estimate])
    influence = np.concatenate([np.zeros((len(sets), 1)), fit.influence], 1)

    def quantity(name: str, contrast: Numbers, pair: tuple[str, str] | None = None) -> Quantity:
        spread = two_way(influence @ contrast, rater, item)
        return with_interval(name, float(worth @ contrast), spread, test=pair is not None, pair=pair)

    one_of = np.eye(len(names))
    scale = [quantity(f"log worth of {name}", row - 1 / len(names)) for name, row in zip(names, one_of, strict=True)]
    apart = [
        quantity(f"{one} − {other}", one_of[i] - one_of[j], (one, other))
        for (i, one), (j, other) in combinations(enumerate(names), 2)
    ]
    return Result(test, _ASSUMES, basis, (*scale, *corrected(apart)))


def _choices(sets: pd.DataFrame) -> tuple[tuple[str, ...], Numbers, Codes]:
    """The conditions, sorted; the utilities, (sets, size · (size − 1), conditions − 1), of every choice of a best and a
    worst, as log worths of all conditions but the first; which choice was made, (sets,)."""
    shown = [tuple(map(str, one)) for one in sets["shown"]]
    sizes = {len(one) for one in shown}
    if len(sizes) > 1 or min(sizes) < 2:
        raise DataError(f"Sets of {', '.join(map(str, sorted(sizes)))} conditions; expected one size, 2 or more.")
    names = tuple(sorted({name for one in shown for name in one}))
    place = {name: number for number, name in enumerate(names)}
    codes = np.array([[place[name] for name in one] for one in shown], dtype=np.intp)
    pairs = list(permutations(range(codes.shape[1]), 2))
    best, worst = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    worth = np.eye(len(names))[:, 1:]
    utilities = worth[codes[:, best]] - worth[codes[:, worst]]
    chosen = []
    for one, good, bad in zip(shown, map(str, sets["best"]), map(str, sets["worst"]), strict=True):
        if good not in one or bad not in one or good == bad:
            raise DataError(f"Best is {good!r} and worst is {bad!r}; expected two of {', '.join(one)}.")
        chosen.append(pairs.index((one.index(good), one.index(bad))))
    return names, utilities, np.array(chosen, dtype=np.intp)
