"""Choices out of a few: the multinomial logit that paired comparisons and best–worst choices have in common.

    P(k) = exp(u_k' β) / Σ_l exp(u_l' β)

(McFadden, "Conditional logit analysis of qualitative choice behavior", 1974). The log-likelihood is concave.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize
from scipy.special import logsumexp

from bcos_core.study.statistics.observations import Codes, Numbers


@dataclass(frozen=True)
class ChoiceFit:
    """`estimate`: (parameters,); `influence`: (answers, parameters), the inverse information × each answer's score."""

    estimate: Numbers
    influence: Numbers
    log_likelihood: float


def is_linked(utilities: Numbers, chosen: Codes) -> bool:
    """Whether the answers fix every parameter; `utilities`: (answers, outcomes, parameters), `chosen`: (answers,)."""
    gains = _gains(utilities, chosen)
    return bool(np.linalg.matrix_rank(gains) == gains.shape[1])


def is_bounded(utilities: Numbers, chosen: Codes) -> bool:
    """Whether the likelihood has a finite maximum.

    It has none exactly where a direction exists in which no answer becomes less likely (Albert & Anderson, Biometrika
    71, 1984): a linear programme.
    """
    gains = _gains(utilities, chosen)
    found = optimize.linprog(-gains.sum(0), A_ub=-gains, b_ub=np.zeros(len(gains)), bounds=(-1, 1))
    return bool(-found.fun <= 1e-9)


def fit_choices(utilities: Numbers, chosen: Codes) -> ChoiceFit:
    """Maximum likelihood by Newton's method. Only where it is linked and bounded."""
    rows = np.arange(len(chosen))
    estimate = np.zeros(utilities.shape[2])

    def height(at: Numbers) -> float:
        line = utilities @ at
        return float((line[rows, chosen] - logsumexp(line, axis=1)).sum())

    best = height(estimate)
    for _ in range(200):
        line = utilities @ estimate
        chance = np.exp(line - logsumexp(line, axis=1, keepdims=True))
        expected = np.einsum("nk,nkp->np", chance, utilities)
        score = utilities[rows, chosen] - expected
        information = np.einsum("nk,nkp,nkq->pq", chance, utilities, utilities) - expected.T @ expected
        inverse = np.linalg.pinv(information, hermitian=True)
        step = inverse @ score.sum(0)
        if np.abs(step).max() < 1e-12:
            break
        size = 1.0
        while (reached := height(estimate + size * step)) < best - 1e-12 * abs(best) and size > 1e-8:
            size /= 2
        estimate, best = estimate + size * step, reached
    return ChoiceFit(estimate, score @ inverse, best)


def _gains(utilities: Numbers, chosen: Codes) -> Numbers:
    """How much more each chosen outcome has than each other one; each kind of answer once, (rows, parameters)."""
    gains = utilities[np.arange(len(chosen)), chosen][:, None] - utilities
    return np.unique(gains.reshape(-1, utilities.shape[2]), axis=0)
