"""Rank tests against scipy, complete enumeration and naive loops."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from bcos_core.study.statistics.ranks import cliffs_delta, friedman, pairwise_wilcoxon


def from_table(table: list[list[float]]) -> pd.DataFrame:
    """One rater; rows are items, columns conditions a, b, c, …"""
    rows = [(0, i, "abcdef"[c], value) for i, row in enumerate(table) for c, value in enumerate(row)]
    return pd.DataFrame(rows, columns=["rater", "item", "condition", "value"])


TABLE = [[5, 3, 1], [4, 4, 2], [3, 2, 2], [5, 1, 3], [4, 3, 1], [2, 3, 1]]


def test_friedman_exactly() -> None:
    result = friedman(from_table(TABLE))
    statistic = stats.friedmanchisquare(*np.array(TABLE).T).statistic
    assert result["Friedman χ²"].value == pytest.approx(statistic)
    # Kendall's W with ties: (12 Σ R² − 3 n² k (k + 1)²) / (n² k (k² − 1) − n Σ (t³ − t)); Siegel & Castellan, 1988.
    ranks = np.array([stats.rankdata(row) for row in TABLE])
    ties = sum(count**3 - count for row in TABLE for count in np.unique(row, return_counts=True)[1])
    w = (12 * (ranks.sum(0) ** 2).sum() - 3 * 36 * 3 * 16) / (36 * 3 * 8 - 6 * ties)
    assert result["Kendall's W"].value == pytest.approx(w)
    # Every order of every row: 6⁶.
    orders = [list(itertools.permutations(row)) for row in ranks]
    sums = np.zeros((1, 3))
    for possible in orders:
        sums = (sums[:, None] + np.array(possible)[None]).reshape(-1, 3)
    p = ((sums**2).sum(1) >= (ranks.sum(0) ** 2).sum() - 1e-9).mean()
    assert result.p == pytest.approx(p)
    assert "Exact" in result.notes[0]


def test_friedman_of_many_items_is_scipys() -> None:
    table = np.random.default_rng(0).integers(1, 6, (60, 4)) + np.array([0, 0, 1, 0])
    result = friedman(from_table(table.tolist()))
    assert result.p == pytest.approx(stats.friedmanchisquare(*table.T).pvalue)


def test_wilcoxon_exactly() -> None:
    table = [[5.0, 1.1], [4.0, 2.3], [3.0, 3.4], [5.0, 2.2], [4.0, 3.9], [2.0, 2.6], [4.5, 2.0]]
    differences = np.array([row[0] - row[1] for row in table])
    ranks = stats.rankdata(abs(differences))
    observed = abs((ranks * np.sign(differences)).sum())
    every = [abs((ranks * signs).sum()) for signs in itertools.product((-1, 1), repeat=7)]
    found = pairwise_wilcoxon(from_table(table))["a over b, rank-biserial"]
    assert found.p == pytest.approx(np.mean(np.array(every) >= observed - 1e-9))
    assert found.value == pytest.approx((ranks * np.sign(differences)).sum() / 28)


def test_ratings_are_averaged_over_raters_and_incomplete_items_left_out() -> None:
    whole = from_table(TABLE)
    two = pd.concat([whole.assign(value=whole["value"] - 1), whole.assign(rater=1, value=whole["value"] + 1)])
    half = pd.concat([two, pd.DataFrame([(0, 99, "a", 5.0)], columns=two.columns)])
    result = friedman(half)
    assert result["Friedman χ²"].value == pytest.approx(stats.friedmanchisquare(*np.array(TABLE).T).statistic)
    assert result.basis.items == 6 and "1 of 7 items" in result.notes[1]


def test_cliffs_delta_is_the_naive_count() -> None:
    draw = np.random.default_rng(1)
    one, other = draw.integers(1, 6, 30).astype(float), draw.integers(1, 6, 21).astype(float)
    naive = np.mean([np.sign(a - b) for a in one for b in other])
    assert cliffs_delta(one, other) == pytest.approx(naive)


@pytest.mark.parametrize(
    ("table", "word"),
    [(TABLE[:5], "at least 6"), ([[3, 3, 3]] * 8, "In no item"), ([[1, 2]] * 8, "3 conditions")],
)
def test_friedman_undefined(table: list[list[float]], word: str) -> None:
    result = friedman(from_table(table))
    assert result.p is None and word in result.undefined


def test_wilcoxon_undefined() -> None:
    equal = pairwise_wilcoxon(from_table([[3, 3]] * 8))["a over b, rank-biserial"]
    assert equal.value is None and "differ" in equal.undefined
    few = pairwise_wilcoxon(from_table([[3, 1]] * 5 + [[2, 2]] * 5))["a over b, rank-biserial"]
    assert few.value == 1 and few.p is None and "5 items" in few.undefined
