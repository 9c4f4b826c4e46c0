"""From the numbers of texts to verdicts, by hand and against exact p-values."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from bcos_core.trust.decide import LEVEL, Sample, judge, one_sided_p
from bcos_core.trust.tests import LEAST_TEXTS, TESTS


def exact_p(gaps: list[float]) -> float:
    """How often random signs give a mean as large, over all of them."""
    means = [float(np.dot(signs, gaps)) for signs in product((-1, 1), repeat=len(gaps))]
    return sum(mean >= sum(gaps) - 1e-12 for mean in means) / len(means)


def test_p_is_one_sided() -> None:
    test = TESTS["cascade"]  # must not lie above 0.5
    values = [0.9, 0.6, 0.7, 0.45, 0.8, 0.3, 0.65, 0.55]
    assert one_sided_p(test, values) == pytest.approx(exact_p([value - 0.5 for value in values]), abs=0.01)
    mirrored = [1 - value for value in values]
    assert one_sided_p(test, mirrored) == pytest.approx(1 - one_sided_p(test, values))
    held = TESTS["synonyms"]  # must not lie below 0.5
    assert one_sided_p(held, mirrored) == pytest.approx(one_sided_p(test, values))


def sample(mean: float, *, n: int = 100, spread: float = 0.05, seed: int = 0, **more: object) -> Sample:
    values = np.random.default_rng(seed).normal(mean, spread, n)
    return Sample(tuple(values.tolist()), **more)  # type: ignore[arg-type]


def test_states() -> None:
    found = judge(
        {
            ("bcos", "cascade"): sample(0.1),
            ("attention", "cascade"): sample(0.9),
            ("saliency", "cascade"): sample(0.49, spread=0.3),
            ("random", "cascade"): sample(0.9, n=LEAST_TEXTS - 1),
            ("bcos", "synonyms"): sample(0.9),
            ("attention", "synonyms"): sample(0.1),
            ("bcos", "seeds"): Sample(reason="It draws nothing at random."),
            ("bcos", "again"): Sample((0.0,) * 50),
            ("attention", "again"): Sample((1.0,) * 50),
        }
    )
    states = [one.state for one in found]
    assert states[:3] == ["passed", "failed", "open"]
    assert states[3:] == ["not measured", "passed", "failed", "not measured", "passed", "failed"]
    assert "Only 9 texts" in found[3].note and found[6].note == "It draws nothing at random."
    assert (found[7].mean, found[7].low) == (0.0, None) and found[0].low is not None


def test_the_family_wise_error_is_held() -> None:
    """Of runs in which every mean lies on its threshold, at most one in twenty has a fault."""
    names = [("bcos", test) for test in TESTS]
    false = 0
    runs = 200
    for run in range(runs):
        generator = np.random.default_rng(run)
        samples = {
            (method, test): Sample(tuple((TESTS[test].threshold + generator.normal(0, 0.2, 20)).tolist()))
            for method, test in names
        }
        false += any(one.state == "failed" for one in judge(samples))
    assert false <= 1.6 * LEVEL * runs  # binomial: 10 expected, 16 is its 97 % point


def test_the_worst_of_several_parts_pays_for_the_choice() -> None:
    (once,) = judge({("bcos", "layers"): sample(0.9905, spread=0.002, n=40)})
    (chosen,) = judge({("bcos", "layers"): sample(0.9905, spread=0.002, n=40, tries=8)})
    assert once.p is not None and chosen.p == pytest.approx(min(1.0, 8 * once.p))
