"""How alike two heatmaps are: by the order of words, by overlap, and by their largest difference."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import spearmanr


def rank_likeness(one: Sequence[float], other: Sequence[float]) -> float:
    """Spearman's ρ, −1 to 1, equal scores sharing a rank. Scores that are all the same rank nothing: they are as good
    as the same beside others that rank nothing (1), and have no order in common with those that do (0).

    Raises:
        ValueError: not the same number of scores, or none.
    """
    _require_aligned(one, other)
    flat = [len(set(scores)) == 1 for scores in (one, other)]
    if any(flat):
        return 1.0 if all(flat) else 0.0
    return float(spearmanr(one, other).statistic)


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """1 − Σ|a − b| / Σ(|a| + |b|), 0 to 1, each divided by its largest absolute score (Bray & Curtis 1957, for scores
    with signs): 1 for the same heatmap on any scale, 0 for one that has nothing in common.

    Raises:
        ValueError: not the same number of scores, or none.
    """
    _require_aligned(one, other)
    a, b = (_scaled(scores) for scores in (one, other))
    total = float(np.abs(a).sum() + np.abs(b).sum())
    return 1.0 if total == 0 else 1.0 - float(np.abs(a - b).sum()) / total


def largest_difference(one: Sequence[float], other: Sequence[float]) -> float:
    """max |a − b| / max |a|; of a heatmap of zeros, 0 where the other is one too, else 1.

    Raises:
        ValueError: not the same number of scores, or none.
    """
    _require_aligned(one, other)
    a, b = (np.asarray(scores, dtype=float) for scores in (one, other))
    size, apart = float(np.abs(a).max()), float(np.abs(a - b).max())
    return apart / size if size else float(apart > 0)


def _scaled(scores: Sequence[float]) -> np.ndarray:
    known = np.asarray(scores, dtype=float)
    size = float(np.abs(known).max())
    return known / size if size else known


def _require_aligned(one: Sequence[float], other: Sequence[float]) -> None:
    if len(one) != len(other) or not one:
        raise ValueError(f"{len(one)} scores beside {len(other)}: expected as many, and at least one.")
