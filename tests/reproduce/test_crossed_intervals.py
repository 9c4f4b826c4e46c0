"""Intervals of figures: over seeds and texts, against the textbook's formula by hand; of one seed, as everywhere."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bcos_core.reproduce.figure import Sample
from bcos_core.tasks.estimates import bootstrap


def test_one_seed_has_the_interval_of_its_texts() -> None:
    values = np.random.default_rng(0).normal(size=30).tolist()
    sample = Sample(tuple(map(str, range(30))), (tuple(values),))
    assert sample.estimate == bootstrap(values)


def test_several_seeds_by_hand() -> None:
    # Seeds' means 2 and 4, texts' means 2, 2 and 5: variances 2 and 3, over 2 seeds and 3 texts 1 and 1.
    estimate = Sample(("a", "b", "c"), ((1.0, 2.0, 3.0), (3.0, 2.0, 7.0))).estimate
    freedom = (1 + 1) ** 2 / (1 / 1 + 1 / 2)
    half = stats.t.ppf(0.975, freedom) * math.sqrt(2)
    assert (estimate.mean, estimate.n) == (3.0, 3)
    assert estimate.low == pytest.approx(3 - half) and estimate.high == pytest.approx(3 + half)


def test_a_difference_is_paired_by_seed_and_text() -> None:
    generator = np.random.default_rng(2)
    texts = generator.normal(scale=5.0, size=60)
    items = tuple(map(str, range(60)))
    one = Sample(items, tuple(tuple(texts + 0.2 + generator.normal(scale=0.1, size=60)) for _ in range(3)))
    other = Sample(items, tuple(tuple(texts + generator.normal(scale=0.1, size=60)) for _ in range(3)))
    gap = one.minus(other).estimate
    assert gap.mean == pytest.approx(np.mean(one.table) - np.mean(other.table)) and 0.1 < gap.low < gap.high < 0.3
