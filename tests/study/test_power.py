"""The power hint against simulated studies, and a formula worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bcos_core.errors import InputError
from bcos_core.study.statistics.means import condition_differences
from bcos_core.study.statistics.power import SampleSize, detectable_difference, power_of
from bcos_core.study.statistics.variation import Variation

POINTS = Variation("points", 0.9, 0.25, 0.25)
GAINS = Variation("gain", 0.6, 0.1, 0.1)


def simulate(size: SampleSize, difference: float, draw: np.random.Generator) -> pd.DataFrame:
    """The design's own assumptions, with raters and items that differ by as much as an answer."""
    rater, item = (axis.ravel() for axis in np.indices((size.raters, size.items)))
    given = (item + rater * size.items_per_rater) % size.items < size.items_per_rater
    rater, item = rater[given], item[given]
    condition = (draw.permutation(size.raters)[rater] + draw.permutation(size.items)[item]) % size.conditions
    assumed, shape = size.variation, (size.raters, size.conditions)
    value = (
        difference * (condition == 0)
        + draw.normal(0, 1, size.raters)[rater]
        + draw.normal(0, 1, size.items)[item]
        + draw.normal(0, assumed.rater, shape)[rater, condition]
        + draw.normal(0, assumed.item, (size.items, size.conditions))[item, condition]
        + draw.normal(0, assumed.answer, len(rater))
    )
    return pd.DataFrame({"rater": rater, "item": item, "condition": condition, "value": value})


@pytest.mark.parametrize("size", [SampleSize(20, 24, 24, 3, POINTS), SampleSize(24, 40, 20, 2, GAINS)])
def test_the_difference_is_found_four_times_in_five(size: SampleSize) -> None:
    difference = detectable_difference(size).quantities[0].value
    assert difference is not None
    draw = np.random.default_rng(0)
    p = [condition_differences(simulate(size, difference, draw)).quantities[0].p for _ in range(150)]
    found = np.mean([one is not None and one < 0.05 for one in p])
    assert 0.7 <= found <= 0.9  # three standard errors about 0.8


def test_the_variance_by_hand() -> None:
    # 10 raters × 12 items in 3 conditions: 40 answers each. 2 · 1² / 40 + 2 · 0.3² / 10 + 2 · 0.2² / 12
    size = SampleSize(10, 12, 12, 3, Variation("points", 1.0, 0.3, 0.2))
    assert size.variance() == pytest.approx(0.05 + 0.018 + 0.02 / 3)
    # Pairs of three conditions: 120 / 3 = 40 comparisons each: 1 / 40 + 0.3² / 10 + 0.2² / 12
    pairs = SampleSize(10, 12, 12, 3, Variation("share", 1.0, 0.3, 0.2), heatmaps=2)
    assert pairs.variance() == pytest.approx(0.025 + 0.009 + 0.01 / 3)


def test_power_at_no_difference_and_at_a_large_one() -> None:
    size = SampleSize(20, 24, 24, 3, POINTS)
    assert power_of(size, 0.0) == pytest.approx(0.025)  # with the right sign
    assert power_of(size, 2.0) > 0.999
    # Many raters and items: the normal formula, (1.96 + 0.84) standard errors.
    large = SampleSize(3000, 3000, 300, 2, POINTS)
    expected = (stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) * large.variance() ** 0.5
    assert detectable_difference(large).quantities[0].value == pytest.approx(expected, rel=1e-3)


def test_more_of_anything_shows_smaller_differences() -> None:
    def detect(*numbers: int) -> float:
        value = detectable_difference(SampleSize(*numbers, POINTS)).quantities[0].value
        assert value is not None
        return value

    assert detect(20, 24, 24, 3) > detect(40, 24, 24, 3) > detect(40, 48, 24, 3) > detect(40, 48, 48, 3)
    assert detect(20, 24, 24, 2) < detect(20, 24, 24, 4)


def test_the_sentence_says_what_is_assumed_and_small_designs_get_none() -> None:
    result = detectable_difference(SampleSize(20, 24, 24, 3, Variation("points", 0.77, 0.3, 0.2)))
    assert "0.77" in result.assumes and "Assumed, not measured" in result.assumes
    assert "5 raters" in detectable_difference(SampleSize(5, 24, 24, 3, POINTS)).undefined
    with pytest.raises(InputError, match="only 10"):
        SampleSize(5, 10, 12, 2, POINTS)
    with pytest.raises(InputError, match="two conditions"):
        SampleSize(5, 10, 10, 1, POINTS)
