"""Scores against ratings: scipy's correlations, and known answers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bcos_core.study.statistics.closed_loop import RankCorrelations, closed_loop
from bcos_core.study.statistics.simulated import SimulatedStudy


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    return SimulatedStudy(raters=12, items=15, preference=0.5, item_taste=0.6, missing=0).answers(0)


def cells(answers: pd.DataFrame) -> pd.DataFrame:
    return answers.groupby(["item", "condition"])["value"].mean().reset_index().rename(columns={"value": "rating"})


def test_overall_and_within_are_scipys(answers: pd.DataFrame) -> None:
    table = cells(answers)
    table["score"] = table["rating"] + np.random.default_rng(0).normal(0, 0.8, len(table))
    result = closed_loop(table, answers)
    assert result["Spearman's ρ, overall"].value == pytest.approx(stats.spearmanr(table["score"], table["rating"])[0])
    assert result["Kendall's τ_b, overall"].value == pytest.approx(stats.kendalltau(table["score"], table["rating"])[0])
    each = [stats.kendalltau(of["score"], of["rating"])[0] for _, of in table.groupby("item")]
    assert result["Kendall's τ_b, within items"].value == pytest.approx(np.mean(each))
    for quantity in result.quantities:
        assert quantity.low is not None and quantity.high is not None and quantity.value is not None
        assert quantity.low < quantity.value < quantity.high


def test_resampled_rows_correlate_as_in_scipy() -> None:
    draw = np.random.default_rng(0)
    score, rating = draw.integers(0, 8, 30).astype(float), draw.integers(1, 6, 30).astype(float)  # with ties
    correlations = RankCorrelations(score, rating)
    for _ in range(5):
        taken = draw.integers(0, 30, 30)
        rho, tau = correlations(taken)
        assert rho == pytest.approx(stats.spearmanr(score[taken], rating[taken])[0])
        assert tau == pytest.approx(stats.kendalltau(score[taken], rating[taken])[0])


def test_a_score_of_the_items_alone_says_nothing_within_them(answers: pd.DataFrame) -> None:
    table = cells(answers)
    table["score"] = table.groupby("item")["rating"].transform("mean")
    result = closed_loop(table, answers)
    assert (result["Spearman's ρ, overall"].value or 0) > 0.5
    assert "No item" in result["Kendall's τ_b, within items"].undefined


def test_the_same_order_is_one_and_the_turned_order_minus_one(answers: pd.DataFrame) -> None:
    table = cells(answers)
    for sign in (1, -1):
        result = closed_loop(table.assign(score=sign * np.exp(table["rating"])), answers)
        for quantity in result.quantities:
            assert quantity.value == pytest.approx(sign)


def test_unrelated_scores_have_intervals_that_hold_zero_mostly(answers: pd.DataFrame) -> None:
    table = cells(answers)
    holds = 0
    for seed in range(20):
        score = np.random.default_rng(seed).normal(size=len(table))
        quantity = closed_loop(table.assign(score=score), answers)["Spearman's ρ, overall"]
        assert quantity.low is not None and quantity.high is not None
        holds += quantity.low <= 0 <= quantity.high
    assert holds >= 17


def test_undefined_has_a_reason(answers: pd.DataFrame) -> None:
    table = cells(answers).assign(score=1.0)
    assert "All scores" in closed_loop(table, answers)["Spearman's ρ, overall"].undefined
    equal = closed_loop(table.assign(score=range(len(table))), answers.assign(value=2.0))
    assert "All ratings" in equal["Kendall's τ_b, overall"].undefined
    assert "both a score" in closed_loop(table.assign(item="other"), answers).undefined
    few = answers[answers["item"] < 4]
    result = closed_loop(cells(few).assign(score=lambda frame: frame["rating"]), few)
    assert result["Spearman's ρ, overall"].low is None and "4 items" in result["Spearman's ρ, overall"].undefined
