"""The interval around an accuracy, so that two figures are compared with what they are worth."""

from __future__ import annotations

import math

_NORMAL_QUANTILE = 1.959963984540054  # two-sided 95 %


def proportion_interval(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of `n` cases, from 0 to 1 (Wilson, JASA 1927).

    Raises:
        ValueError: no cases.
    """
    if n < 1:
        raise ValueError(f"A share of {n} cases has no interval.")
    z2 = _NORMAL_QUANTILE**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _NORMAL_QUANTILE / (1 + z2 / n) * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
