"""From one number a text to a verdict: the mean, its interval, and whether it lies on the wrong side by more than
chance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bcos_core.evaluate.statistics import holm, sign_flip_p
from bcos_core.tasks.estimates import bootstrap
from bcos_core.trust.result import Finding, State
from bcos_core.trust.tests import LEAST_TEXTS, TESTS, TrustTest

LEVEL = 0.05
"""Of the probability that a method which is as it should be fails any test by chance."""


@dataclass(frozen=True)
class Sample:
    """The numbers of one test of one method, one a text; `tries` is among how many such samples this one was chosen as
    the worst, `part` which of them. `reason` says why there are none."""

    values: Sequence[float] = ()
    tries: int = 1
    part: str = ""
    reason: str = ""


def one_sided_p(test: TrustTest, values: Sequence[float]) -> float:
    """p of a mean so far on the wrong side of the threshold: half of the two-sided sign-flip p there, the rest of one
    on the right side (signs are symmetric)."""
    gaps = [test.gap(value) for value in values]
    both = sign_flip_p(gaps)
    return both / 2 if sum(gaps) > 0 else 1 - both / 2


def judge(samples: Mapping[tuple[str, str], Sample]) -> tuple[Finding, ...]:
    """The findings of a run, by (method, test), in their order. Holm's correction is over all tests of a method that
    were measured: what is said of a method does not depend on which others were tested beside it."""
    found = [_measured(method, TESTS[test], sample) for (method, test), sample in samples.items()]
    corrected: dict[tuple[str, str], float] = {}
    for method in dict.fromkeys(one.method for one in found):
        own = [one for one in found if one.method == method]
        values = holm([math.nan if one.p is None else one.p for one in own])
        corrected |= {(method, one.test): value for one, value in zip(own, values, strict=True)}
    return tuple(_judged(one, corrected[one.method, one.test]) for one in found)


def _measured(method: str, test: TrustTest, sample: Sample) -> Finding:
    n = len(sample.values)
    if sample.reason or n < LEAST_TEXTS:
        few = f"Only {n} {'text' if n == 1 else 'texts'} could be used; at least {LEAST_TEXTS} are needed."
        return Finding(method, test.name, "not measured", n, note=sample.reason or few)
    estimate = bootstrap(sample.values)
    low, high = (estimate.low, estimate.high) if estimate.has_interval else (None, None)
    p = min(1.0, sample.tries * one_sided_p(test, sample.values))
    return Finding(method, test.name, "open", n, estimate.mean, low, high, p, part=sample.part)


def _judged(finding: Finding, corrected: float) -> Finding:
    if finding.p is None or finding.mean is None:
        return finding
    test = TESTS[finding.test]
    ends = [finding.mean if end is None else end for end in (finding.low, finding.high)]
    state: State = "open"
    if corrected < LEVEL and test.gap(finding.mean) > 0:
        state = "failed"
    elif max(test.gap(end) for end in ends) <= 0:
        state = "passed"
    return replace(finding, state=state, corrected=corrected)
