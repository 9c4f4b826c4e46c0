"""Krippendorff's α, from how often each unit was given each value.

Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C, and Content Analysis (2004), ch. 11.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from bcos_core.errors import DataError, UnknownNameError

Numbers = NDArray[np.float64]
Difference = Callable[[Numbers, Numbers], Numbers]


def _nominal(values: Numbers, n: Numbers) -> Numbers:
    """δ²_ck = 0 where c = k, else 1."""
    return 1.0 - np.eye(len(values))


def _ordinal(values: Numbers, n: Numbers) -> Numbers:
    """δ²_ck = (Σ_{g=c}^{k} n_g − (n_c + n_k) / 2)²: how many answers lie between two values, half of each included."""
    middle = np.cumsum(n) - n / 2
    return (middle[:, None] - middle[None, :]) ** 2


def _interval(values: Numbers, n: Numbers) -> Numbers:
    """δ²_ck = (c − k)²."""
    return (values[:, None] - values[None, :]) ** 2


def _ratio(values: Numbers, n: Numbers) -> Numbers:
    """δ²_ck = ((c − k) / (c + k))², 0 where both are 0."""
    if (values < 0).any():
        raise DataError(
            f"The value {values.min():g} is below zero, and ratios have a true zero. Use the level interval, or leave "
            "negative values out."
        )
    total = values[:, None] + values[None, :]
    return ((values[:, None] - values[None, :]) / np.where(total > 0, total, 1.0)) ** 2


DIFFERENCES: dict[str, Difference] = {
    "nominal": _nominal,
    "ordinal": _ordinal,
    "interval": _interval,
    "ratio": _ratio,
}
"""For each level of measurement the squared difference δ² of any two values, (values, values); `n`, (values,), says how
often each was given."""


def krippendorff_alpha(counts: NDArray[np.integer], values: Numbers, level: str) -> float | None:
    """α = 1 − D_o / D_e; None where fewer than two values were given, so that nothing can be expected by chance.

    `counts`, (units, values), says how often each unit was given each value, `values`, (values,), what these are, in
    rising order. Units with fewer than two answers do not count.

    Raises:
        UnknownNameError: no such level of measurement.
        DataError: ratios of values below zero.
    """
    if level not in DIFFERENCES:
        raise UnknownNameError("level of measurement", level, DIFFERENCES)
    known = counts[counts.sum(1) >= 2].astype(np.float64)
    m = known.sum(1)  # m_u, the answers of each unit
    n = known.sum(0)  # n_c, how often each value was given
    if (n > 0).sum() < 2:
        return None
    # The coincidences o_ck = Σ_u n_uc n_uk / (m_u − 1); c = k needs no care, since its difference is 0.
    coincidences = known.T @ (known / (m - 1)[:, None])
    difference = DIFFERENCES[level](values, n)
    # D_o = Σ_ck o_ck δ²_ck / n, and D_e = Σ_ck n_c n_k δ²_ck / (n (n − 1))
    observed = (coincidences * difference).sum()
    expected = n @ difference @ n / (n.sum() - 1)
    return float(1.0 - observed / expected)
