"""Intervals and tests against scipy and against enumeration."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from bcos_core.evaluate.statistics import above_zero, holm, sign_flip_p
from bcos_core.tasks.estimates import bootstrap


def test_the_interval_is_scipys_percentile_interval() -> None:
    values = np.random.default_rng(1).gamma(2.0, size=80)
    estimate = bootstrap(values.tolist())
    expected = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20_000, random_state=0)
    width = expected.confidence_interval.high - expected.confidence_interval.low
    assert estimate.mean == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(expected.confidence_interval.low, abs=0.05 * width)
    assert estimate.high == pytest.approx(expected.confidence_interval.high, abs=0.05 * width)
    assert bootstrap(values.tolist()) == estimate


def test_the_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    generator = np.random.default_rng(2)
    found = [bootstrap(generator.normal(0.3, 1.0, 60).tolist()) for _ in range(200)]
    share = sum(estimate.low <= 0.3 <= estimate.high for estimate in found) / 200
    assert 0.90 <= share <= 0.98


def test_few_values_have_no_interval() -> None:
    assert math.isnan(bootstrap([]).mean) and bootstrap([]).n == 0
    single = bootstrap([2.0])
    assert single.mean == 2.0 and math.isnan(single.low) and single.n == 1


def test_sign_flips_against_all_of_them() -> None:
    differences = [0.3, -0.1, 0.4, 0.2, 0.25, -0.05, 0.5]
    means = [
        abs(np.mean([s * d for s, d in zip(signs, differences, strict=True)]))
        for signs in itertools.product((1, -1), repeat=7)
    ]
    exact = np.mean([mean >= abs(np.mean(differences)) - 1e-12 for mean in means])
    assert sign_flip_p(differences) == pytest.approx(exact, abs=0.02)
    assert sign_flip_p([0.0, 0.0]) == 1.0
    assert math.isnan(sign_flip_p([]))


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, and never falling (Holm 1979).
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    corrected = holm([0.01, float("nan"), 0.02])
    assert corrected[0] == pytest.approx(0.02) and math.isnan(corrected[1]) and corrected[2] == pytest.approx(0.02)


def test_above_zero_takes_both_the_interval_and_the_signs() -> None:
    assert above_zero([0.3, 0.1, 0.4, 0.2, 0.25, 0.05, 0.5]) is True
    assert above_zero([-0.3, -0.1, -0.4, -0.2, -0.25, -0.05, -0.5]) is False
    assert above_zero([0.3, -0.3, 0.2, -0.1]) is False
    # Five of the same sign: the bootstrap's interval lies above 0, but random signs do as much once in sixteen times.
    assert bootstrap([0.3, 0.1, 0.4, 0.2, 0.25]).low > 0 and above_zero([0.3, 0.1, 0.4, 0.2, 0.25]) is False
    assert above_zero([0.5] * 8) is True  # no interval: all of them are there
    assert above_zero([0.5]) is None and above_zero([]) is None
