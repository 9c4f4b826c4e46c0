"""Whether what an explanation says of a prompt's tokens is what happens to the next token without them.

f(x) is the contrast that is explained, the logit of the right word minus that of the wrong one after the prompt x, in
logits; uᵢ are its n units, its tokens or words, with scores φᵢ. What is removed, and how, the protocol says.

    strike     Spearman's ρ, over the units, of −φᵢ and f(x without uᵢ) − f(x); equal values share a rank
    deletion   the mean height of f(x without the units of the first i steps), i = 0 … m − 1
    insertion  the mean height of f(those units alone), i = 1 … m

A mean height is the area under the curve by the trapezoid rule over the share of units removed, divided by the width of
that share (Petsiuk et al., arXiv 1806.07421 §3.2, of a contrast instead of a probability). The highest score goes
first. The curve ends where one step's units are left, since of an empty prompt a decoder says nothing; that end would
be the same for every order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bcos_core.errors import NotFiniteError
from bcos_core.minimal_pairs.case import Case

FEWEST = 2
"""Units that have an order."""
POINTS = 11
"""Of a curve: at every tenth of the way."""


def strike_correlation(case: Case) -> float | None:
    """How well the scores foresee the order of what strikes change. None where there is no order: one unit, or scores
    or changes that are all the same.

    Raises:
        NotFiniteError: a score that is no number.
    """
    _require_finite(case.scores)
    if not has_strike_order(case) or _all_the_same(case.scores):
        return None
    from scipy.stats import spearmanr

    assert case.strikes is not None
    return float(spearmanr([-score for score in case.scores], case.strikes.changes).statistic)


def has_strike_order(case: Case) -> bool:
    """Whether strikes change different things, so that there is an order to be foreseen."""
    return case.strikes is not None and len(case.scores) >= FEWEST and not _all_the_same(case.strikes.changes)


def random_strike_correlation(case: Case) -> float | None:
    """The expectation over all orders of the scores: every rank is as likely at every place, so 0."""
    return 0.0 if has_strike_order(case) else None


def deletion(case: Case) -> float | None:
    """None where there is one step alone, which leaves nothing to remove."""
    return None if case.course is None else _mean_height(case.course.without)


def insertion(case: Case) -> float | None:
    """None where there is one step alone, which leaves nothing to add."""
    return None if case.course is None else _mean_height(case.course.only)


def insertion_minus_deletion(case: Case) -> float | None:
    """Both at once."""
    above, below = insertion(case), deletion(case)
    return None if above is None or below is None else above - below


def random_insertion_minus_deletion(case: Case) -> float | None:
    """The expectation over all orders: what an order keeps is what its reverse takes away last, so that the insertion
    curve of the one is the deletion curve of the other, and both have the same mean over all orders."""
    return None if insertion_minus_deletion(case) is None else 0.0


def deletion_curve(case: Case) -> tuple[float, ...] | None:
    """The heights at `POINTS` places, as far apart, from the whole prompt on; between two steps on a straight line."""
    return None if case.course is None else _points(case.course.without)


def insertion_curve(case: Case) -> tuple[float, ...] | None:
    """The same from the first units to the whole prompt."""
    return None if case.course is None else _points(case.course.only)


def _points(heights: Sequence[float]) -> tuple[float, ...] | None:
    if len(heights) < FEWEST:
        return None
    import numpy as np

    places = np.linspace(0, len(heights) - 1, POINTS)
    return tuple(np.interp(places, range(len(heights)), heights).tolist())


def _mean_height(heights: Sequence[float]) -> float | None:
    if len(heights) < FEWEST:
        return None
    return math.fsum((a + b) / 2 for a, b in pairwise(heights)) / (len(heights) - 1)


def _all_the_same(values: Sequence[float]) -> bool:
    return len(set(values)) < FEWEST


def _require_finite(scores: Sequence[float]) -> None:
    if not all(map(math.isfinite, scores)):
        raise NotFiniteError("A score that is to be ranked is not a finite number.")
