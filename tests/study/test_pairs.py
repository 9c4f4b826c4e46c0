"""The Bradley–Terry scale: a published example, statsmodels, the textbook likelihood, and where it has no size."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import optimize

from bcos_core.errors import DataError
from bcos_core.study.statistics.choices import fit_choices
from bcos_core.study.statistics.pairs import bradley_terry, read_comparisons

# American League East 1987, Agresti, Categorical Data Analysis (2nd ed., 2002), table 10.10: wins of the row over
# the column; estimates from table 10.11, as R's BradleyTerry2 tests them.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WINS = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
PUBLISHED = {"Milwaukee": 1.58, "Detroit": 1.44, "Toronto": 1.29, "New York": 1.25, "Boston": 1.11, "Cleveland": 0.68}


@pytest.fixture(scope="module")
def games() -> pd.DataFrame:
    rows = [
        (TEAMS[i], TEAMS[j], "first") if game % 2 else (TEAMS[j], TEAMS[i], "second")
        for i in range(7)
        for j in range(7)
        for game in range(WINS[i][j])
    ]
    frame = pd.DataFrame(rows, columns=["first", "second", "outcome"])
    return frame.assign(rater=np.arange(len(frame)) % 10, item=np.arange(len(frame)) % 13)


def test_agrestis_baseball(games: pd.DataFrame) -> None:
    result = bradley_terry(games)
    for team, published in PUBLISHED.items():
        found = result[f"Baltimore − {team}"].value
        assert found is not None and round(-found, 2) == published
    assert sum(result[f"log worth of {team}"].value or 0 for team in TEAMS) == pytest.approx(0, abs=1e-9)


def test_without_ties_it_is_a_logistic_regression(games: pd.DataFrame) -> None:
    data = read_comparisons(games)
    design = np.eye(7)[data.first] - np.eye(7)[data.second]
    fit = sm.GLM((data.outcome == 0).astype(float), design[:, 1:], family=sm.families.Binomial()).fit(tol=1e-14)
    found = fit_choices(data.utilities(), data.outcome)
    assert found.estimate == pytest.approx(fit.params, abs=1e-8)
    assert found.log_likelihood == pytest.approx(fit.llf, abs=1e-8)
    robust = sm.GLM((data.outcome == 0).astype(float), design[:, 1:], family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": games["rater"].to_numpy(), "use_correction": False}, tol=1e-14
    )
    by_rater = np.stack([found.influence[games["rater"] == rater].sum(0) for rater in range(10)])
    assert by_rater.T @ by_rater == pytest.approx(robust.cov_params(), rel=1e-5)


def test_with_ties_it_is_davidsons_likelihood(games: pd.DataFrame) -> None:
    tied = games.copy()
    tied.loc[np.random.default_rng(0).random(len(tied)) < 0.2, "outcome"] = "none"
    data = read_comparisons(tied)

    def minus_log_likelihood(free: np.ndarray) -> float:
        worth, nu = np.exp(np.concatenate([[0.0], free[:-1]])), np.exp(free[-1])
        total = 0.0
        for first, second, outcome in zip(data.first, data.second, data.outcome, strict=True):
            one, other = worth[first], worth[second]
            tie = nu * (one * other) ** 0.5
            total += np.log((one, other, tie)[outcome] / (one + other + tie))
        return -total

    naive = optimize.minimize(minus_log_likelihood, np.zeros(7), method="BFGS", options={"gtol": 1e-6})
    found = fit_choices(data.utilities(), data.outcome)
    assert found.estimate == pytest.approx(naive.x, abs=1e-4)
    assert found.log_likelihood == pytest.approx(-naive.fun, abs=1e-8)
    assert bradley_terry(tied)["ν, weight of no preference"].value == pytest.approx(np.exp(naive.x[-1]), rel=1e-4)


def test_what_is_shown_first_makes_no_difference(games: pd.DataFrame) -> None:
    turned = games.rename(columns={"first": "second", "second": "first"})
    turned["outcome"] = turned["outcome"].map({"first": "second", "second": "first"})
    for one, other in zip(bradley_terry(games).quantities, bradley_terry(turned).quantities, strict=True):
        assert (one.value, one.low) == pytest.approx((other.value, other.low))


def comparisons(*rows: tuple[str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame([row for row in rows for _ in range(8)], columns=["first", "second", "outcome"])
    return frame.assign(rater=np.arange(len(frame)) % 8, item=np.arange(len(frame)) % 7)


@pytest.mark.parametrize(
    ("rows", "word"),
    [
        ([("a", "b", "first")], "b was never preferred; a always was"),
        ([("a", "b", "none")], "Nobody preferred"),
        ([("a", "b", "first"), ("a", "b", "none")], "b was never preferred"),
        ([("a", "b", "first"), ("b", "a", "first"), ("c", "d", "first"), ("d", "c", "first")], "groups"),
        (
            [(*pair, one) for pair in (("a", "b"), ("c", "d")) for one in ("first", "second")] + [("a", "c", "first")],
            "without exception",
        ),
        ([], "two conditions"),
    ],
)
def test_no_finite_distance(rows: list[tuple[str, str, str]], word: str) -> None:
    result = bradley_terry(comparisons(*rows))
    assert not result.quantities and word in result.undefined


def test_too_few_raters_have_a_scale_but_no_interval(games: pd.DataFrame) -> None:
    found = bradley_terry(games.assign(rater=games["rater"] % 3))["log worth of Boston"]
    assert found.value is not None and found.low is None and "3 raters" in found.undefined


def test_bad_frames() -> None:
    with pytest.raises(DataError, match="maybe"):
        bradley_terry(comparisons(("a", "b", "maybe")))
    with pytest.raises(DataError, match="outcome"):
        bradley_terry(comparisons(("a", "b", "none")).drop(columns="outcome"))
    itself = bradley_terry(comparisons(("a", "b", "first"), ("b", "a", "first"), ("a", "a", "none")))
    assert "8 comparisons" in itself.notes[0]
    assert itself["log worth of a"].value == pytest.approx(0)
