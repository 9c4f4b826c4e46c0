"""Whether two methods really differ: always over texts, paired where texts are the same."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bcos_core.tasks.estimates import CONFIDENCE, RESAMPLES, ROWS, SEED, bootstrap

FEWEST_TO_DIFFER = 6
"""Paired values from which on a sign-flip test can fall below 5 %: with all of n on one side, 2 of the 2ⁿ ways to give
them signs are as far from 0."""


def sign_flip_p(differences: Sequence[float]) -> float:
    """Two-sided p of the mean difference being 0: how often random signs give a mean as far from 0.

    A permutation test for paired values (Fisher, 1935); (hits + 1) / (draws + 1), so never 0. NaN for no values.
    """
    known = np.asarray(differences, dtype=float)
    if not len(known):
        return float("nan")
    generator = np.random.default_rng(SEED)
    observed = abs(known.mean())
    hits = 0
    for done in range(0, RESAMPLES, ROWS):
        signs = generator.integers(0, 2, (min(ROWS, RESAMPLES - done), len(known))) * 2 - 1
        # A little tolerance: a sum in another order must count as the same mean.
        hits += int((np.abs((signs * known).mean(1)) >= observed * (1 - 1e-12)).sum())
    return (hits + 1) / (RESAMPLES + 1)


def above_zero(differences: Sequence[float]) -> bool | None:
    """Whether the mean of paired values is shown to be above 0: their 95 % interval lies there, and the sign-flip test
    finds so too, as of a few texts a bootstrap interval is too narrow. None of fewer than two values."""
    estimate = bootstrap(differences)
    if estimate.n < 2:
        return None
    lowest = estimate.low if estimate.has_interval else estimate.mean
    return lowest > 0 and sign_flip_p(differences) < 1 - CONFIDENCE


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction for several tests (1979); NaN stays NaN and does not count."""
    known = sorted((p, place) for place, p in enumerate(p_values) if p == p)
    corrected = [float("nan")] * len(p_values)
    largest = 0.0
    for rank, (p, place) in enumerate(known):
        largest = max(largest, min(1.0, p * (len(known) - rank)))
        corrected[place] = largest
    return corrected
