"""The mixed models: published results of R, a naive Laplace approximation, and integration by quadrature."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats
from scipy.special import expit

from bcos_core.errors import DataError
from bcos_core.study.statistics.laplace import OrdinalData, fit_ordinal
from bcos_core.study.statistics.mixed import binary_mixed_model, ordinal_mixed_model
from bcos_core.study.statistics.simulated import SimulatedStudy

# Bitterness of wine, Randall (1989): rows are bottles, columns judges; the data set `wine` of R's package ordinal.
WINE = np.array(
    [
        [2, 1, 2, 3, 2, 3, 1, 2, 1],  # cold, no contact
        [3, 2, 3, 2, 3, 2, 1, 2, 2],
        [3, 1, 3, 3, 4, 3, 2, 2, 3],  # cold, contact
        [4, 3, 2, 2, 3, 2, 2, 3, 2],
        [4, 2, 5, 3, 3, 2, 2, 3, 3],  # warm, no contact
        [4, 3, 5, 2, 3, 4, 3, 3, 2],
        [5, 5, 4, 5, 3, 5, 2, 3, 4],  # warm, contact
        [5, 4, 4, 3, 3, 4, 3, 4, 4],
    ]
)
# clmm(rating ~ temp + contact + (1 | judge)); its optimiser stops some 1e-5 before the maximum.
WINE_THRESHOLDS = (-1.62366694779619, 1.51336520227968, 4.22852671695733, 6.08877259115472)
WINE_EFFECTS = (3.0629966560421, 1.83488493779128)

# Contagious bovine pleuropneumonia, Lesnoff et al. (2004), `cbpp` of lme4: herd: (cases, size) in periods 1, 2, 3, 4.
CBPP = {
    1: ((2, 14), (3, 12), (4, 9), (0, 5)),
    2: ((3, 22), (1, 18), (1, 21)),
    3: ((8, 22), (2, 16), (0, 16), (2, 20)),
    4: ((2, 10), (0, 10), (2, 9), (0, 6)),
    5: ((5, 18), (0, 25), (0, 24), (1, 4)),
    6: ((3, 17), (0, 17), (0, 18), (1, 20)),
    7: ((8, 16), (1, 10), (3, 9), (0, 5)),
    8: ((12, 34),),
    9: ((2, 9), (0, 6), (0, 8), (0, 6)),
    10: ((1, 22), (1, 22), (0, 18), (2, 22)),
    11: ((0, 25), (5, 27), (3, 22), (1, 22)),
    12: ((2, 10), (1, 8), (0, 6), (0, 5)),
    13: ((1, 21), (2, 24), (0, 19), (0, 23)),
    14: ((11, 19), (0, 2), (0, 3), (0, 2)),
    15: ((1, 19), (1, 15), (1, 15), (0, 15)),
}


def wine() -> OrdinalData:
    bottle, judge = (axis.ravel() for axis in np.indices(WINE.shape))
    effects = np.stack([bottle >= 4, bottle % 4 >= 2], 1).astype(float)
    return OrdinalData(WINE.ravel() - 1, effects, (judge,))


def test_wine_as_in_r() -> None:
    fit = fit_ordinal(wine())
    assert fit.thresholds == pytest.approx(WINE_THRESHOLDS, abs=2e-5)
    assert fit.effects == pytest.approx(WINE_EFFECTS, abs=2e-5)
    assert fit.log_likelihood == pytest.approx(-81.57, abs=5e-3)
    assert fit.deviations[0] ** 2 == pytest.approx(1.279, abs=1e-3)
    assert fit.effect_errors == pytest.approx((0.5954, 0.5125), abs=1e-3)
    assert fit.threshold_errors == pytest.approx((0.6824, 0.6038, 0.8090, 0.9725), abs=1e-3)


def test_cbpp_as_in_r() -> None:
    rows = [
        (herd, period, case < cases)
        for herd, counts in CBPP.items()
        for period, (cases, size) in enumerate(counts)
        for case in range(size)
    ]
    herd, period, case = np.array(rows).T
    effects = (period[:, None] == np.arange(1, 4)).astype(float)
    fit = fit_ordinal(OrdinalData(case, effects, (herd - 1,)))
    # glmer(cbind(incidence, size - incidence) ~ period + (1 | herd), family = binomial)
    assert -fit.thresholds[0] == pytest.approx(-1.3983, abs=1e-3)
    assert fit.effects == pytest.approx((-0.9919, -1.1282, -1.5797), abs=1e-3)
    assert fit.deviations[0] == pytest.approx(0.6421, abs=1e-3)


def crossed(seed: int, raters: int, items: int, times: int, *, categories: int, size: float) -> OrdinalData:
    draw = np.random.default_rng(seed)
    rater, item, time = (axis.ravel() for axis in np.indices((raters, items, times)))
    effect = (time % 2).astype(float)
    line = (
        effect
        + draw.normal(0, size, raters)[rater]
        + draw.normal(0, size, items)[item]
        + draw.logistic(size=len(rater))
    )
    edges = np.linspace(-1, 1, categories - 1) if categories > 2 else np.zeros(1)
    return OrdinalData((line[:, None] > edges).sum(1), effect[:, None], (rater, item))


def probabilities(data: OrdinalData, thresholds: np.ndarray, line: np.ndarray) -> np.ndarray:
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    return expit(edges[data.category + 1] - line) - expit(edges[data.category] - line)


@pytest.mark.parametrize("categories", [2, 4])
def test_crossed_effects_as_a_naive_laplace_approximation(categories: int) -> None:
    """The joint density written out, its mode by BFGS, its curvature by differences, and BFGS again over all that."""
    data = crossed(0, 5, 4, 6, categories=categories, size=1.0)

    def laplace(parameters: np.ndarray) -> float:
        thresholds, effect, deviations = np.split(parameters, [categories - 1, categories])

        def minus_joint(u: np.ndarray) -> float:
            line = (
                effect * data.effects[:, 0] + deviations[0] * u[data.groups[0]] + deviations[1] * u[5 + data.groups[1]]
            )
            return float(u @ u / 2 - np.log(probabilities(data, thresholds, line)).sum())

        mode = optimize.minimize(minus_joint, np.zeros(9), options={"gtol": 1e-7}).x
        step = 1e-3 * np.eye(9)
        curvature = [
            [
                (
                    minus_joint(mode + a + b)
                    - minus_joint(mode + a - b)
                    - minus_joint(mode - a + b)
                    + minus_joint(mode - a - b)
                )
                / 4e-6
                for b in step
            ]
            for a in step
        ]
        return -minus_joint(mode) - np.linalg.slogdet(curvature)[1] / 2

    fit = fit_ordinal(data)
    best = np.concatenate([fit.thresholds, fit.effects, fit.deviations])
    height = laplace(best)
    assert height == pytest.approx(fit.log_likelihood, abs=1e-5)
    for place in range(len(best)):  # and nowhere near is higher
        for step in (-0.05, 0.05):
            moved = best.copy()
            moved[place] += step
            assert laplace(moved) < height


def test_many_answers_per_group_make_laplace_the_integral() -> None:
    data = crossed(1, 2, 2, 40, categories=2, size=0.7)
    fit = fit_ordinal(data)
    nodes, weights = np.polynomial.hermite_e.hermegauss(61)
    weights = weights / weights.sum()
    cell = np.ones((2, 2, 61, 61))  # the likelihood of each rater's answers to each item, at all their effects
    for rater, item in itertools.product(range(2), repeat=2):
        rows = (data.groups[0] == rater) & (data.groups[1] == item)
        own = OrdinalData(data.category[rows], data.effects[rows], ())
        for a, b in itertools.product(range(61), repeat=2):
            line = own.effects @ fit.effects + fit.deviations[0] * nodes[a] + fit.deviations[1] * nodes[b]
            cell[rater, item, a, b] = probabilities(own, fit.thresholds, line).prod()
    total = np.einsum("a,b,c,d,ac,ad,bc,bd->", *[weights] * 4, *cell.reshape(4, 61, 61), optimize=True)
    assert fit.log_likelihood == pytest.approx(np.log(total), abs=0.05)


def test_no_differences_between_groups_is_an_ordinary_regression() -> None:
    """Where a group's deviation is 0, the model is statsmodels' logistic regression."""
    import statsmodels.api as sm

    effect = np.tile([0.0, 1.0, 0.0, 1.0, 1.0, 0.0], 8)
    category = np.tile([0, 1, 1, 1, 0, 0], 8)  # the same in every group
    groups = (np.arange(48) // 6, np.arange(48) % 6 * 0 + np.arange(48) // 6 % 2)
    fit = fit_ordinal(OrdinalData(category, effect[:, None], groups))
    plain = sm.GLM(category, sm.add_constant(effect), family=sm.families.Binomial()).fit(tol=1e-14)
    assert fit.deviations == pytest.approx((0, 0), abs=1e-3)
    assert (-fit.thresholds[0], fit.effects[0]) == pytest.approx(tuple(plain.params), abs=1e-5)
    assert fit.effect_errors[0] == pytest.approx(plain.bse[1], rel=1e-4)


def test_the_result_tests_the_conditions() -> None:
    answers = SimulatedStudy(preference=1.0).answers(0)
    result = ordinal_mixed_model(answers, reference="c1")
    found = result["c0 against c1, log odds ratio"]
    assert found.low is not None and found.low > 0
    assert result.p is not None and result.p < 1e-4
    assert result["likelihood ratio χ²"].value == pytest.approx(stats.chi2.isf(result.p, 2))
    turned = ordinal_mixed_model(answers, reference="c0")
    assert turned["c1 against c0, log odds ratio"].value == pytest.approx(-(found.value or 0), abs=1e-5)
    assert turned.p == pytest.approx(result.p, rel=1e-3)


def test_the_binary_model_is_the_ordinal_one_of_two_categories() -> None:
    answers = SimulatedStudy(preference=0.7).answers(1)
    high = answers.assign(value=(answers["value"] >= 4).astype(float))
    one, other = binary_mixed_model(high), ordinal_mixed_model(high)
    assert one.quantities == other.quantities and one.assumes != other.assumes
    with pytest.raises(DataError, match="0 or 1"):
        binary_mixed_model(answers)
    with pytest.raises(DataError, match="c9"):
        ordinal_mixed_model(answers, reference="c9")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda frame: frame.assign(value=3.0), "equal"),
        (lambda frame: frame[frame["rater"] < 5], "5 raters"),
        (lambda frame: frame[frame["item"] < 3], "3 items"),
        (lambda frame: frame[frame["condition"] == "c0"], "two conditions"),
        (
            lambda frame: frame.assign(value=frame["value"].where(frame["condition"] != "c1", 5.0)),
            "All answers to c1 are 5",
        ),
    ],
)
def test_undefined_has_a_reason(change, word: str) -> None:
    result = ordinal_mixed_model(change(SimulatedStudy(raters=8, items=12).answers(0)))
    assert result.p is None and not result.quantities and word in result.undefined


def test_a_group_of_one_condition_that_is_separated() -> None:
    rows = [(r, i, "ab"[(r + i) % 2], 1.0 + 4 * ((r + i) % 2)) for r in range(8) for i in range(8)]
    rows += [(8, 0, "a", 3.0), (8, 1, "b", 3.0)]  # one answer each in the middle: separated all the same
    result = ordinal_mixed_model(pd.DataFrame(rows, columns=["rater", "item", "condition", "value"]))
    assert not result.quantities and result.undefined
