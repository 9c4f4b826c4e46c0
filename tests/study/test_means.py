"""Means and differences: against hand calculations, naive sums, statsmodels, and simulated raters of known taste."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.sandwich_covariance import cov_cluster_2groups

from bcos_core.errors import DataError
from bcos_core.study.statistics.clusters import two_way
from bcos_core.study.statistics.means import condition_differences, condition_means
from bcos_core.study.statistics.result import Quantity, Result
from bcos_core.study.statistics.simulated import THRESHOLDS, SimulatedStudy


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return SimulatedStudy(raters=9, items=10, preference=0.5, rater_taste=0.5, item_taste=0.5).answers(3)


def test_a_mean_and_its_variance_by_hand() -> None:
    # Two raters × two items, one condition: residuals −1, −1, 1, 1 about the mean 2; rater sums −2, 2; item sums 0, 0.
    influence = np.array([-1.0, -1.0, 1.0, 1.0]) / 4
    spread = two_way(influence, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]))
    # V_rater = (4 + 4) / 16 × 2 = 1, V_item = 0, V_cell = 4 / 16; 1 + 0 − 0.25 is less than V_rater alone.
    assert spread.variance == pytest.approx(1.0)
    assert (spread.degrees, spread.raters, spread.items) == (1, 2, 2)


def test_the_variance_is_statsmodels_two_way_one(answers: pd.DataFrame) -> None:
    fit = smf.ols("value ~ C(condition) + C(rater) + C(item)", answers).fit()
    groups = [answers["rater"].to_numpy(), answers["item"].to_numpy()]
    both, by_rater, by_item = (
        cov[1, 1] for cov in cov_cluster_2groups(fit, groups[0], groups[1], use_correction=False)
    )
    three = by_rater * 9 / 8 + by_item * 10 / 9 - (by_rater + by_item - both)
    expected = max(three, by_rater * 9 / 8, by_item * 10 / 9)
    found = condition_differences(answers)["c0 − c1"]
    assert found.value == pytest.approx(-fit.params.iloc[1], abs=1e-9)
    error = expected**0.5
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 8) * error, rel=1e-8)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.value) / error, 8), rel=1e-8)


def test_the_mean_is_the_mean(answers: pd.DataFrame) -> None:
    result = condition_means(answers)
    for name, of in answers.groupby("condition")["value"]:
        assert result[str(name)].value == pytest.approx(of.mean())
    assert (result.basis.raters, result.basis.items, result.basis.answers) == (9, 10, len(answers))


def test_strict_raters_and_hard_items_cancel_where_cells_are_missing() -> None:
    draw = np.random.default_rng(0)
    rows = [
        (rater, item, condition, 2.0 * (condition == "b") + rater - 0.5 * item)
        for rater in range(9)
        for item in range(9)
        for condition in ("a", "b")
        if draw.random() < (0.8 if (condition == "a") == (rater > 4) else 0.3)  # strict raters see more of b
    ]
    frame = pd.DataFrame(rows, columns=["rater", "item", "condition", "value"])
    raw = frame.groupby("condition")["value"].mean()
    assert abs(raw["a"] - raw["b"] + 2) > 1
    found = condition_differences(frame)["a − b"]
    assert found.value == pytest.approx(-2.0, abs=1e-9)
    assert found.low is None and "do not vary" in found.undefined


def test_the_order_of_rows_and_missing_values_change_nothing(answers: pd.DataFrame) -> None:
    mixed = pd.concat([answers, answers.assign(value=np.nan).head(5)]).sample(frac=1, random_state=0)
    for one, other in zip(
        condition_differences(answers).quantities, condition_differences(mixed).quantities, strict=True
    ):
        assert (one.value, one.low, one.p) == pytest.approx((other.value, other.low, other.p))


def test_holm_is_over_the_differences(answers: pd.DataFrame) -> None:
    found = condition_differences(answers).quantities
    ordered = sorted(found, key=lambda quantity: quantity.p or 0)
    smallest = ordered[0]
    assert smallest.p is not None and smallest.corrected_p == pytest.approx(min(1, 3 * smallest.p))


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        ([(0, i, c, float(i)) for i in range(8) for c in "ab"], "1 raters"),
        ([(r, 0, c, float(r)) for r in range(8) for c in "ab"], "items"),
        ([(r, i, "ab"[r % 2], float(i)) for r in range(8) for i in range(8) if i % 2 == r % 2], "links"),
        ([(r, i, c, 3.0) for r in range(8) for i in range(8) for c in "ab"], "do not vary"),
    ],
)
def test_too_little_data_is_said_in_words(frame: list[tuple[int, int, str, float]], word: str) -> None:
    found = condition_differences(pd.DataFrame(frame, columns=["rater", "item", "condition", "value"]))["a − b"]
    assert found.p is None and found.low is None and word in found.undefined


def test_one_condition_has_no_difference_and_no_answers_no_means() -> None:
    frame = pd.DataFrame([(0, 0, "a", 1.0)], columns=["rater", "item", "condition", "value"])
    assert "two conditions" in condition_differences(frame).undefined
    assert condition_means(frame.head(0)).undefined
    with pytest.raises(DataError, match="condition"):
        condition_means(frame.drop(columns="condition"))
    with pytest.raises(DataError, match="numbers"):
        condition_means(frame.assign(value="very good"))


def test_a_result_never_holds_nan() -> None:
    with pytest.raises(ValueError, match="undefined"):
        Quantity("x", float("nan"))
    with pytest.raises(ValueError, match="reason"):
        Quantity("x")
    with pytest.raises(KeyError):
        Result("t", "", condition_means(pd.DataFrame(columns=["rater", "item", "condition", "value"])).basis)["x"]


def test_the_simulated_truth_is_what_many_raters_say() -> None:
    study = SimulatedStudy(preference=0.5, rater_taste=0.3, item_taste=0.2)
    draw = np.random.default_rng(5)
    parts = (study.rater, study.item, study.rater_taste, study.item_taste, 1.0)
    opinion = sum((draw.normal(0, part, 1_000_000) for part in parts), np.zeros(1_000_000))
    better, other = (1 + (opinion[:, None] + mean > np.asarray(THRESHOLDS)).sum(1) for mean in (study.latent(), 0.0))
    assert better.mean() - other.mean() == pytest.approx(0.5, abs=0.004)


@pytest.mark.parametrize("study", [{}, {"raters": 8, "items": 12}], ids=["20 × 24", "8 × 12"])
def test_the_interval_holds_the_known_preference(study: dict[str, int]) -> None:
    """The figure of `make bench`, on fewer runs: 92–98 % cover a preference of 0.5, at most 6 % see one that is not."""
    taste = {"rater_taste": 0.3, "item_taste": 0.3}
    covered = rejected = 0
    runs = 100
    for seed in range(runs):
        found = condition_differences(SimulatedStudy(**study, preference=0.5, **taste).answers(seed))["c0 − c1"]
        assert found.low is not None and found.high is not None
        covered += found.low <= 0.5 <= found.high
        none = condition_differences(SimulatedStudy(**study, **taste).answers(seed))["c0 − c1"]
        assert none.p is not None
        rejected += none.p < 0.05
    assert 0.92 <= covered / runs <= 0.98
    assert rejected / runs <= 0.06
