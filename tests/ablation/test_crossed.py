"""Intervals over seeds and texts: by hand, against another library, and by how often they hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bcos_core.ablation.crossed import crossed


def test_by_hand() -> None:
    found = crossed(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 7.0]]))
    # Seeds 2 and 4: s² = 2, by 2 seeds. Texts 2, 2 and 5: s² = 3, by 3 texts.
    assert found.mean == 3.0
    assert found.error == pytest.approx(math.sqrt(1 + 1))
    assert found.degrees == pytest.approx(2**2 / (1 / 1 + 1 / 2))
    half = stats.t.ppf(0.975, 8 / 3) * math.sqrt(2)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((3 - half, 3 + half))
    assert found.p == pytest.approx(2 * stats.t.sf(3 / math.sqrt(2), 8 / 3))


@pytest.mark.parametrize("axis", [0, 1])
def test_of_one_seed_or_one_text_it_is_the_t_interval_of_the_others(axis: int) -> None:
    values = np.random.default_rng(0).normal(0.3, 1, 12)
    found = crossed(np.expand_dims(values, axis))
    usual = stats.ttest_1samp(values, 0.0)
    assert found.p == pytest.approx(usual.pvalue)
    interval = usual.confidence_interval()
    assert (found.estimate.low, found.estimate.high) == pytest.approx((interval.low, interval.high))


@pytest.mark.parametrize("values", [np.ones((2, 3)), np.ones((1, 1)), np.empty((2, 0))])
def test_there_is_no_interval_without_a_difference(values: np.ndarray) -> None:
    found = crossed(values)
    assert not found.estimate.has_interval and math.isnan(found.p)


@pytest.mark.parametrize(
    ("seeds", "spread", "least"), [(2, 0.02, 0.92), (3, 0.0, 0.94), (3, 0.05, 0.92), (5, 0.05, 0.93)]
)
def test_it_holds_as_often_as_it_says(seeds: int, spread: float, least: float) -> None:
    """True mean 0; seeds differ by `spread`, texts and single values by 0.2, as differences of a score do."""
    generator, held = np.random.default_rng(1), 0
    for _ in range(1000):
        seed = generator.normal(0, spread, (seeds, 1))
        values = seed + generator.normal(0, 0.2, (1, 100)) + generator.normal(0, 0.2, (seeds, 100))
        estimate = crossed(values).estimate
        held += estimate.low <= 0 <= estimate.high
    assert least <= held / 1000 <= 0.99
