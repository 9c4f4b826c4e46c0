"""How far two explanations of one text agree: by rank, and by what they put on top."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.stats import kendalltau

TOP_SHARE = 0.2


def rank_agreement(one: Sequence[float], other: Sequence[float]) -> float:
    """Kendall's τ-b of the scores, −1 to 1; NaN where one of them ranks nothing.

    Raises:
        ValueError: not the same number of scores.
    """
    _require_aligned(one, other)
    if len(one) < 2 or len(set(one)) < 2 or len(set(other)) < 2:
        return math.nan
    return float(kendalltau(one, other).statistic)


def top_agreement(one: Sequence[float], other: Sequence[float]) -> float:
    """Share of the top fifth (at least one) that both have, 0 to 1; equal scores in the order of the text.

    Raises:
        ValueError: not the same number of scores, or none.
    """
    _require_aligned(one, other)
    if not one:
        raise ValueError("There are no scores to compare.")
    size = max(1, round(TOP_SHARE * len(one)))
    return len(_top(one, size) & _top(other, size)) / size


def _top(scores: Sequence[float], size: int) -> set[int]:
    return set(sorted(range(len(scores)), key=lambda place: -scores[place])[:size])


def _require_aligned(one: Sequence[float], other: Sequence[float]) -> None:
    if len(one) != len(other):
        raise ValueError(f"{len(one)} scores beside {len(other)}: not of the same text.")
