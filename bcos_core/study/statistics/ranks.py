"""Tests by ranks on per-item means: Friedman over all conditions, Wilcoxon signed ranks for each two."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pandas as pd
from scipy import stats

from bcos_core.study.statistics.means import corrected
from bcos_core.study.statistics.observations import Numbers, Observations, read_observations
from bcos_core.study.statistics.result import Basis, Quantity, Result, too_few

_ITEMS = "Items are a sample of independent items; the raters are taken as given (say nothing of other raters); "
_FRIEDMAN = (
    _ITEMS + "each item's mean rating per condition is ranked, so only the order of conditions within an item counts."
)
_WILCOXON = (
    _ITEMS + "the differences of an item's mean ratings have a symmetric distribution; items without a difference are "
    "left out; Holm's correction over all pairs."
)
_MOST_STEPS = 300_000  # for the exact distribution, a third of a second; above, χ²
_DECIMALS = 9  # means that differ by rounding are tied


def friedman(answers: pd.DataFrame, *, value: str = "value") -> Result:
    """Friedman's test with Kendall's W, exact p where countable. DataError for what is no frame of answers."""
    known = read_observations(answers, value)
    table = item_means(known)
    test = "Friedman test on per-item means"
    basis = Basis(len(known.raters), len(table), len(known.value))
    notes = _left_out(known, table)
    reason = _reason(table, 3)
    if reason:
        return Result(test, _FRIEDMAN, basis, undefined=reason, notes=notes)
    statistic = float(stats.friedmanchisquare(*table.T).statistic)
    items, conditions = table.shape
    exact = _exact_friedman(table)
    p = float(stats.chi2.sf(statistic, conditions - 1)) if exact is None else exact
    how = "p from the χ² distribution." if exact is None else "Exact p, from all orders of the conditions within items."
    quantities = (Quantity("Friedman χ²", statistic), Quantity("Kendall's W", statistic / (items * (conditions - 1))))
    return Result(test, _FRIEDMAN, basis, quantities, p=p, notes=(how, *notes))


def pairwise_wilcoxon(answers: pd.DataFrame, *, value: str = "value") -> Result:
    """Signed-rank tests of each two conditions: matched-pairs rank-biserial correlation with p, and Cliff's δ.

    The rank-biserial correlation is (R₊ − R₋) / (R₊ + R₋) (Kerby, 2014); Cliff's δ is P(first higher) − P(second
    higher) over all pairs of single answers (Cliff, 1993). DataError for a frame that is not one of answers.
    """
    known = read_observations(answers, value)
    test = "Wilcoxon signed-rank tests on per-item means"
    table = item_means(known)
    if table.shape[1] < 2:
        reason = f"A comparison needs two conditions; there are answers to {table.shape[1]}."
        return Result(test, _WILCOXON, known.basis, undefined=reason)
    pairs = list(combinations(range(table.shape[1]), 2))
    signed = [_signed_rank(known, one, other) for one, other in pairs]
    names = [f"Cliff's δ, {known.conditions[one]} over {known.conditions[other]}" for one, other in pairs]
    dominance = [
        Quantity(name, cliffs_delta(known.of(one), known.of(other)))
        for name, (one, other) in zip(names, pairs, strict=True)
    ]
    return Result(test, _WILCOXON, known.basis, (*corrected(signed), *dominance))


def item_means(known: Observations, conditions: tuple[int, ...] | None = None) -> Numbers:
    """Mean answer per (item, condition), for items that have answers to all of the conditions."""
    chosen = tuple(range(len(known.conditions))) if conditions is None else conditions
    cell = known.condition * len(known.items) + known.item
    size = len(known.conditions) * len(known.items)
    count = np.bincount(cell, minlength=size).reshape(len(known.conditions), len(known.items))
    total = np.bincount(cell, known.value, size).reshape(count.shape)
    count, total = count[list(chosen)], total[list(chosen)]
    whole = (count > 0).all(0)
    return np.round((total[:, whole] / count[:, whole]).T, _DECIMALS)


def cliffs_delta(one: Numbers, other: Numbers) -> float:
    """P(a value of `one` is higher) − P(a value of `other` is higher)."""
    ordered = np.sort(other)
    lower, not_higher = np.searchsorted(ordered, one, "left"), np.searchsorted(ordered, one, "right")
    return float((lower + not_higher - len(other)).sum() / (len(one) * len(other)))


def _left_out(known: Observations, table: Numbers) -> tuple[str, ...]:
    out = len(known.items) - len(table)
    return (f"{out} of {len(known.items)} items lack answers to some condition and are left out.",) if out else ()


def _reason(table: Numbers, conditions: int) -> str:
    if table.shape[1] < conditions:
        return f"The test needs {conditions} conditions; there are answers to {table.shape[1]}."
    if reason := too_few(len(table), "items with answers to every condition", "a p"):
        return reason
    return "In no item do the conditions differ." if (np.ptp(table, axis=1) == 0).all() else ""


def _signed_rank(known: Observations, one: int, other: int) -> Quantity:
    name = f"{known.conditions[one]} over {known.conditions[other]}, rank-biserial"
    table = item_means(known, (one, other))
    differences = np.round(table[:, 0] - table[:, 1], _DECIMALS)
    differences = differences[differences != 0]
    if not len(differences):
        return Quantity(name, undefined="No item has answers to both conditions that differ.")
    ranks = stats.rankdata(np.abs(differences))
    value = float((ranks * np.sign(differences)).sum() / ranks.sum())
    if reason := too_few(len(differences), "items with a difference", "a p"):
        return Quantity(name, value, undefined=reason)
    return Quantity(name, value, p=float(stats.wilcoxon(differences).pvalue))


def _exact_friedman(table: Numbers) -> float | None:
    """P(χ² at least as large) over all orders of each item's own ranks, ties kept; None where these are too many.

    χ² grows with Σ_c R_c², R_c a condition's sum of ranks; the distribution of the sums is built item by item.
    """
    conditions = table.shape[1]
    ranks = [tuple(int(rank) for rank in 2 * stats.rankdata(row)) for row in table]  # doubled: ties give halves
    orders = [list(permutations(row)) for row in ranks] if conditions <= 5 else []
    if not orders:
        return None
    steps = 0
    sums: dict[tuple[int, ...], float] = {(0,) * conditions: 1.0}
    for possible in orders:
        steps += len(sums) * len(possible)
        if steps > _MOST_STEPS:
            return None
        after: dict[tuple[int, ...], float] = {}
        for reached, chance in sums.items():
            for order in possible:
                place = tuple(a + b for a, b in zip(reached, order, strict=True))
                after[place] = after.get(place, 0.0) + chance / len(possible)
        sums = after
    observed = sum(total**2 for total in np.sum(ranks, axis=0).tolist())
    return min(1.0, sum(chance for reached, chance in sums.items() if sum(total**2 for total in reached) >= observed))
