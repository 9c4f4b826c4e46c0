"""Scores of what a model says as a text loses its most important tokens, or keeps only them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from bcos_core.evaluate.case import Case, Curves, Logits, Soft


def comprehensiveness(case: Case) -> float:
    """mean over k of p(x) − p(x without its top-k) (DeYoung et al., arXiv 1911.03429 §4.2)."""
    return _mean(_falls(case, _curves(case).without))


def sufficiency(case: Case) -> float:
    """mean over k of p(x) − p(only the top-k of x) (DeYoung et al., arXiv 1911.03429 §4.2)."""
    return _mean(_falls(case, _curves(case).only))


def comp_minus_suff(case: Case) -> float:
    """Both at once: a good explanation has the first high and the second low."""
    return comprehensiveness(case) - sufficiency(case)


def comprehensiveness_trapezoid(case: Case) -> float:
    """Area under the same curve over k from 0.1 to 0.9, as the code of the B-cos LM authors has it."""
    return _area(_falls(case, _curves(case).without))


def sufficiency_trapezoid(case: Case) -> float:
    """Area under the same curve over k from 0.1 to 0.9, as the code of the B-cos LM authors has it."""
    return _area(_falls(case, _curves(case).only))


def deletion(case: Case) -> float:
    """Area under p as the top tokens are removed, k from 0 to 1 (Petsiuk et al., arXiv 1806.07421 §3.2)."""
    curves = _curves(case)
    return _area([case.p(logits) for logits in (curves.whole, *curves.without, curves.empty)])


def insertion(case: Case) -> float:
    """Area under p as the top tokens are put into the empty text, k from 0 to 1 (Petsiuk et al., ibid.)."""
    curves = _curves(case)
    return _area([case.p(logits) for logits in (curves.empty, *curves.only, curves.whole)])


def taucorr_loo(case: Case) -> float | None:
    """Kendall's τ-b of the scores with the fall of p when each token alone is removed (as in ferret).

    Not defined where either ranks nothing: one token, or all values equal.
    """
    from scipy.stats import kendalltau

    whole, *without = case.leave_one_out
    if len(without) < 2:
        return None
    falls = [case.p(whole) - case.p(logits) for logits in without]
    tau = float(kendalltau([case.scores[position] for position in case.ordinary], falls).statistic)
    return None if math.isnan(tau) else tau


def log_odds(case: Case) -> float | None:
    """mean over k of log p(x without its top-k) − log p(x) (Shrikumar et al., arXiv 1704.02685; of texts Sanyal and
    Ren, arXiv 2108.13654, who take one k). Not defined where a p is 0."""
    whole, *without = (case.p(logits) for logits in (_curves(case).whole, *_curves(case).without))
    if min(whole, *without) <= 0:
        return None
    return _mean([math.log(p / whole) for p in without])


def naopc_comprehensiveness(case: Case) -> float | None:
    """(AOPC − lowest) / (highest − lowest), of the ranking (Edin et al., arXiv 2408.08137; the limits are
    found in `bcos_core.evaluate.limits`)."""
    limits = case.limits
    return None if limits is None else _between(aopc(case), limits.lowest, limits.highest)


def naopc_sufficiency(case: Case) -> float | None:
    """The same of the ranking reversed, in which the least important tokens go first."""
    limits = case.limits
    return None if limits is None else _between(aopc(case, reverse=True), limits.lowest, limits.highest)


def naopc(case: Case) -> float | None:
    """Comprehensiveness − sufficiency, between the lowest and the highest of any order."""
    limits = case.limits
    return None if limits is None else _between(aopc(case) - aopc(case, reverse=True), -limits.gap, limits.gap)


def aopc(case: Case, *, reverse: bool = False) -> float:
    """1/n Σ_{i=1..n} p(x) − p(x without its first i tokens), the most important first, or in `reverse` the least."""
    if case.steps is None:
        raise ValueError("This case has no steps.")
    whole = case.p(case.steps.without[0])
    left = case.steps.only[:-1] if reverse else case.steps.without[1:]  # without the last i: only the top n − i
    return _mean([whole - case.p(logits) for logits in left])


def infidelity(case: Case) -> float:
    """mean over random sets S of (Σ_{i∈S} φ_i − (z(x) − z(x without S)))², z the logit that is explained: how far off
    the explanation φ is about what a removal does (Yeh et al., arXiv 1901.09392, with binary perturbations; as in
    captum, unnormalised)."""
    if case.sets is None:
        raise ValueError("This case has no sets.")
    errors = [
        sum(case.scores[position] for position in removed) - (case.sets.whole[case.target] - logits[case.target])
        for removed, logits in zip(case.sets.removed, case.sets.without, strict=True)
    ]
    return _mean([error**2 for error in errors])


def sensitivity(case: Case) -> float | None:
    """The largest relative change of the scores when the words move a little (`bcos_core.evaluate.sensitivity`)."""
    return case.sensitivity


def soft_comprehensiveness(case: Case, *, evidence: str) -> float | None:
    """mean over draws of max(0, p(x) − p(x')) / max(0, p(x) − p(x₀)), x' without parts of x and x₀ with nothing of it
    (Zhao and Aletras, arXiv 2305.10496, Soft-NC; `bcos_core.evaluate.soft`). As in the authors' code no draw counts
    more than 1: p can fall further without some words than without all, by any multiple where the latter is next to
    nothing. Not defined where p(x₀) is not below p(x)."""
    fall, soft = _whole_fall(case, evidence), case.soft[evidence]
    return None if fall is None else _mean([min(1.0, _fall(case, soft, logits) / fall) for logits in soft.without])


def soft_sufficiency(case: Case, *, evidence: str) -> float | None:
    """mean over draws of max(0, S(x') − S(x₀)) / (1 − S(x₀)) with S(·) = 1 − max(0, p(x) − p(·)), x' what is kept of x
    (ibid., Soft-NS): 1 where it says as much as the whole text, 0 where it says no more than nothing."""
    fall, soft = _whole_fall(case, evidence), case.soft[evidence]
    return None if fall is None else _mean([max(0.0, 1 - _fall(case, soft, logits) / fall) for logits in soft.kept])


def _whole_fall(case: Case, evidence: str) -> float | None:
    soft = case.soft[evidence]
    fall = _fall(case, soft, soft.empty)
    return fall if fall > _SAME else None


def _fall(case: Case, soft: Soft, logits: Logits) -> float:
    return max(0.0, case.p(soft.whole) - case.p(logits))


_SAME = 1e-6
"""Limits that are no further apart differ by rounding alone: nothing can be said of what lies between."""


def _between(value: float, lowest: float, highest: float) -> float | None:
    return (value - lowest) / (highest - lowest) if highest - lowest > _SAME else None


def _curves(case: Case) -> Curves:
    if case.curves is None:
        raise ValueError("This case has no curves.")
    return case.curves


def _falls(case: Case, points: Sequence[Logits]) -> list[float]:
    whole = case.p(_curves(case).whole)
    return [whole - case.p(logits) for logits in points]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _area(values: Sequence[float]) -> float:
    """By the trapezoid rule over points a tenth apart."""
    return sum(a + b for a, b in pairwise(values)) / 20
