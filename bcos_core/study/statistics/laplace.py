"""A cumulative logit model with crossed random intercepts, by the Laplace approximation.

    logit P(y ≤ k) = θ_k − η,   η = X β + Σ_g σ_g u_g[group],   u ~ N(0, 1)

(Agresti, *Analysis of Ordinal Categorical Data*, 2nd ed., §10.1; the model of R's `ordinal::clmm`). With two
categories it is the logistic mixed model with intercept −θ₁ (R's `lme4::glmer`). The u are integrated out at their
joint mode û:

    L(θ, β, σ) = log p(y | û) − ½ û'û − ½ log det H,   H = I + M' D M,   M = [σ_g Z_g],   D = −∂² log p / ∂η²
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize
from scipy.special import expit, log_expit

from bcos_core.errors import BcosError
from bcos_core.study.statistics.observations import Codes, Numbers

_NEWTON_STEPS = 100
_LARGEST = 1e3  # of a standard deviation: beyond, the data say nothing


class NoFitError(BcosError):
    """The likelihood has no maximum that could be found; the message says why."""


@dataclass(frozen=True)
class OrdinalData:
    """`category`: (answers,), from 0; `effects`: (answers, fixed effects); `groups`: (answers,) per random effect."""

    category: Codes
    effects: Numbers
    groups: tuple[Codes, ...]

    @property
    def categories(self) -> int:
        return int(self.category.max()) + 1

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(int(group.max()) + 1 for group in self.groups)


@dataclass(frozen=True)
class OrdinalFit:
    """`covariance` is of (thresholds, effects) together, from the observed information of all parameters."""

    thresholds: Numbers
    effects: Numbers
    deviations: Numbers
    log_likelihood: float
    covariance: Numbers

    @property
    def threshold_errors(self) -> Numbers:
        return np.sqrt(np.diag(self.covariance)[: len(self.thresholds)])

    @property
    def effect_errors(self) -> Numbers:
        return np.sqrt(np.diag(self.covariance)[len(self.thresholds) :])


def fit_ordinal(data: OrdinalData) -> OrdinalFit:
    """Maximum likelihood estimates. Every category must occur. NoFitError where there is no maximum."""
    cuts, fixed, random = data.categories - 1, data.effects.shape[1], len(data.groups)
    likelihood = _Likelihood(data)
    share = np.cumsum(np.bincount(data.category))[:-1] / len(data.category)
    first = np.log(share / (1 - share))
    start = np.concatenate([first[:1], np.log(np.maximum(np.diff(first), 1e-3)), np.zeros(fixed), np.full(random, 0.5)])
    # θ₁ and the logarithms of the steps between thresholds: any numbers give thresholds in order.
    bounds = [(-30.0, 30.0)] + [(-15.0, 5.0)] * (cuts - 1) + [(-30.0, 30.0)] * fixed + [(0.0, _LARGEST)] * random

    def objective(free: Numbers) -> tuple[float, Numbers]:
        value, gradient = likelihood(_ordered(free, cuts))
        gradient = gradient.copy()
        tail = np.cumsum(gradient[:cuts][::-1])[::-1]
        gradient[:cuts] = np.concatenate([tail[:1], tail[1:] * np.exp(free[1:cuts])])
        return -value, -gradient

    found = optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-7},
    )
    estimate = _ordered(found.x, cuts)
    if np.abs(found.x[: cuts + fixed]).max() > 14.5:
        raise NoFitError(
            "One condition's answers are (almost) all at one end of the scale: its effect has no finite size."
        )
    estimate, covariance = _polished(likelihood, estimate, cuts + fixed)
    return OrdinalFit(
        estimate[:cuts],
        estimate[cuts : cuts + fixed],
        estimate[cuts + fixed :],
        likelihood(estimate)[0],
        covariance[: cuts + fixed, : cuts + fixed],
    )


def _ordered(free: Numbers, cuts: int) -> Numbers:
    return np.concatenate([np.cumsum(np.concatenate([free[:1], np.exp(free[1:cuts])])), free[cuts:]])


def _polished(likelihood: _Likelihood, estimate: Numbers, wanted: int) -> tuple[Numbers, Numbers]:
    """The estimate after two Newton steps, and the covariance: the inverse of the observed information.

    A standard deviation at its bound 0 is left out: it is known there.
    """
    inside = [place for place in range(len(estimate)) if place < wanted or estimate[place] > 1e-3]
    for _ in range(2):
        information = _information(likelihood, estimate, wanted, inside)
        if not np.isfinite(information).all() or np.linalg.eigvalsh(information)[0] <= 1e-8:
            raise NoFitError(
                "The likelihood is flat around its maximum: the answers do not fix the model's parameters."
            )
        covariance: Numbers = np.asarray(np.linalg.inv(information), dtype=np.float64)
        moved = estimate.copy()
        moved[inside] += covariance @ likelihood(estimate)[1][inside]
        if (np.diff(moved[: likelihood.data.categories - 1]) <= 0).any() or (moved[wanted:] < 0).any():
            break
        if likelihood(moved)[0] < likelihood(estimate)[0] - 1e-9:
            break
        estimate = moved
    return estimate, covariance


def _information(likelihood: _Likelihood, estimate: Numbers, wanted: int, inside: list[int]) -> Numbers:
    """Minus the second derivatives by central differences of the exact gradient, for the parameters `inside`."""
    rows = []
    for place in inside:
        step = np.zeros(len(estimate))
        step[place] = 1e-4 if place < wanted else min(1e-4, estimate[place] / 2)
        change = likelihood(estimate - step)[1] - likelihood(estimate + step)[1]
        rows.append(change[inside] / (2 * step[place]))
    information = np.array(rows)
    return (information + information.T) / 2


class _Likelihood:
    """(thresholds, effects, deviations) → the Laplace log-likelihood and its gradient; starts Newton where it ended."""

    def __init__(self, data: OrdinalData) -> None:
        self.data = data
        self.sizes = data.sizes
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)[:-1]]).astype(int)
        self.mode = np.zeros(sum(self.sizes))

    def __call__(self, parameters: Numbers) -> tuple[float, Numbers]:
        data, cuts, fixed = self.data, self.data.categories - 1, self.data.effects.shape[1]
        thresholds, effects, deviations = np.split(parameters, [cuts, cuts + fixed])
        edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
        upper, lower = edges[data.category + 1], edges[data.category]
        line = data.effects @ effects
        mode, eta, hessian = self._find_mode(upper, lower, line, deviations)
        self.mode = mode
        factor = linalg.cholesky(hessian, lower=True)
        inverse = linalg.cho_solve((factor, True), np.eye(len(mode)))
        value = _log_p(upper, lower, eta) - mode @ mode / 2 - np.log(np.diag(factor)).sum()
        return float(value), self._gradient(upper, lower, eta, deviations, mode, inverse)

    def _find_mode(
        self, upper: Numbers, lower: Numbers, line: Numbers, deviations: Numbers
    ) -> tuple[Numbers, Numbers, Numbers]:
        """û by Newton's method with halved steps (log p is concave in η), η there, and H there."""
        mode = self.mode

        def height(at: Numbers) -> float:
            return _log_p(upper, lower, line + self._spread(at, deviations)) - float(at @ at) / 2

        best = height(mode)
        for _ in range(_NEWTON_STEPS):
            eta = line + self._spread(mode, deviations)
            above, below = expit(upper - eta), expit(lower - eta)
            slope = self._collect(above + below - 1, deviations) - mode
            hessian = self._hessian(above * (1 - above) + below * (1 - below), deviations)
            step = linalg.cho_solve(linalg.cho_factor(hessian, lower=True), slope)
            if np.abs(step).max() < 1e-10:
                break
            size = 1.0
            while (reached := height(mode + size * step)) < best - 1e-12 * abs(best) and size > 1e-6:
                size /= 2
            mode, best = mode + size * step, reached
        return mode, eta, hessian

    def _spread(self, u: Numbers, deviations: Numbers) -> Numbers:
        """M u"""
        total = np.zeros(len(self.data.category))
        for group, start, deviation in zip(self.data.groups, self.starts, deviations, strict=True):
            total += deviation * u[start + group]
        return total

    def _collect(self, per_answer: Numbers, deviations: Numbers) -> Numbers:
        """M' v"""
        parts = zip(self.data.groups, self.sizes, deviations, strict=True)
        return np.concatenate([deviation * np.bincount(group, per_answer, size) for group, size, deviation in parts])

    def _hessian(self, curvature: Numbers, deviations: Numbers) -> Numbers:
        """I + M' D M; the blocks of different groups are tables of summed curvature."""
        groups, sizes, starts = self.data.groups, self.sizes, self.starts
        hessian = np.eye(sum(sizes))
        for a in range(len(groups)):
            for b in range(a + 1):
                pair = groups[a] * sizes[b] + groups[b]
                block = np.bincount(pair, curvature, sizes[a] * sizes[b]).reshape(sizes[a], sizes[b])
                hessian[starts[a] : starts[a] + sizes[a], starts[b] : starts[b] + sizes[b]] += (
                    deviations[a] * deviations[b] * block
                )
        return np.tril(hessian) + np.tril(hessian, -1).T

    def _gradient(
        self, upper: Numbers, lower: Numbers, eta: Numbers, deviations: Numbers, mode: Numbers, inverse: Numbers
    ) -> Numbers:
        """∂L, with the movement of û taken along: dû = H⁻¹ ∂²g/∂u∂ψ, where g = log p − ½ u'u."""
        data, cuts = self.data, self.data.categories - 1
        above, below = expit(upper - eta), expit(lower - eta)
        f_above, f_below = above * (1 - above), below * (1 - below)
        turn_above, turn_below = f_above * (1 - 2 * above), f_below * (1 - 2 * below)  # f'
        slope = above + below - 1  # ∂ log p / ∂η
        curvature = f_above + f_below  # D
        change = -(turn_above + turn_below)  # ∂D / ∂η
        half = [self._half_leverage(group, start, deviations, inverse) for group, start in self._placed()]
        leverage = sum((s * h for s, h in zip(deviations, half, strict=True)), np.zeros(len(eta)))  # diag(M H⁻¹ M')
        pull = inverse @ self._collect(leverage * change, deviations)
        pulled = self._spread(pull, deviations)
        per_eta = slope - leverage * change / 2 + curvature * pulled / 2
        gap = upper - lower
        extra = np.where(np.isfinite(gap), 1 / np.expm1(np.where(np.isfinite(gap), np.clip(gap, 1e-12, 500), 1.0)), 0.0)
        per_above = (1 - above) + extra - leverage * turn_above / 2 - pulled * f_above / 2
        per_below = -below - extra - leverage * turn_below / 2 - pulled * f_below / 2
        to_cuts = np.bincount(data.category, per_above, cuts + 1)[:cuts] + np.bincount(data.category, per_below)[1:]
        to_deviations = []
        for (group, start), own_half in zip(self._placed(), half, strict=True):
            drawn = mode[start + group]  # Z u
            to_deviations.append(per_eta @ drawn - curvature @ own_half - slope @ pull[start + group] / 2)
        return np.concatenate([to_cuts, data.effects.T @ per_eta, to_deviations])

    def _placed(self) -> list[tuple[Codes, int]]:
        return [(group, int(start)) for group, start in zip(self.data.groups, self.starts, strict=True)]

    def _half_leverage(self, group: Codes, start: int, deviations: Numbers, inverse: Numbers) -> Numbers:
        """diag(Z_g H⁻¹ M')"""
        total = np.zeros(len(group))
        for (other, other_start), deviation in zip(self._placed(), deviations, strict=True):
            total += deviation * inverse[start + group, other_start + other]
        return total


def _log_p(upper: Numbers, lower: Numbers, eta: Numbers) -> float:
    """Σ log(F(a) − F(b)) = Σ log F(a) + log F(−b) + log(1 − e^(b − a)), which never subtracts equal numbers."""
    gap = upper - lower
    inner = np.isfinite(gap)
    between = np.log(-np.expm1(-np.maximum(gap[inner], 1e-300))).sum()
    return float(log_expit(upper - eta).sum() + log_expit(eta - lower).sum() + between)
