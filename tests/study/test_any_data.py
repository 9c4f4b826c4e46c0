"""Whatever small data set comes: a number or a reason, never NaN, an exception, or a warning."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bcos_core.study.statistics import resample
from bcos_core.study.statistics.agreement import LEVELS, agreement
from bcos_core.study.statistics.closed_loop import closed_loop
from bcos_core.study.statistics.gain import simulation_gain
from bcos_core.study.statistics.means import condition_differences, condition_means
from bcos_core.study.statistics.mixed import binary_mixed_model, ordinal_mixed_model
from bcos_core.study.statistics.pairs import OUTCOMES, bradley_terry
from bcos_core.study.statistics.ranks import friedman, pairwise_wilcoxon
from bcos_core.study.statistics.result import MINIMUM, Result

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 4))
LOOK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@st.composite
def studies(draw: st.DrawFn) -> pd.DataFrame:
    """Any subset of the cells, each with any answers; often few of them, often equal ones."""
    raters, items, conditions = draw(SIZES)
    rating = st.sampled_from(draw(st.sampled_from([[3], [1, 5], [1, 2, 3, 4, 5], [0.5, 1e6]])))
    random = draw(st.randoms(use_true_random=False))
    share = draw(st.sampled_from([0.1, 0.5, 0.9, 1.0]))
    rows = [
        (f"r{rater}", item, "abcd"[(rater + item) % conditions], draw(rating))
        for rater in range(raters)
        for item in range(items)
        if random.random() < share
    ]
    return pd.DataFrame(rows, columns=["rater", "item", "condition", "value"])


def sound(result: Result) -> None:
    """Constructing a result refuses NaN; here: no p without its minimum, and intervals around their values."""
    if result.basis.items < MINIMUM and result.basis.raters < MINIMUM:
        assert result.p is None
    assert result.assumes and result.test
    assert result.undefined or result.quantities
    for quantity in result.quantities:
        if quantity.low is not None and quantity.high is not None and quantity.value is not None:
            assert quantity.low - 1e-9 <= quantity.high
        if quantity.p is not None:
            assert 0 <= quantity.p <= 1 and result.basis.items >= MINIMUM


@LOOK
@given(studies())
def test_ratings(frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for analysis in (condition_means, condition_differences, friedman, pairwise_wilcoxon):
            sound(analysis(frame))


@pytest.fixture(scope="module")
def few_resamples() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resample, "RESAMPLES", 60)
        yield


@pytest.mark.usefixtures("few_resamples")
@settings(LOOK, max_examples=30)
@given(studies(), st.sampled_from(LEVELS))
def test_agreement_and_the_closed_loop(frame: pd.DataFrame, level: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sound(agreement(frame, level=level))
        scores = frame[["item", "condition"]].assign(score=[(7 * place) % 4 for place in range(len(frame))])
        sound(closed_loop(scores, frame))


@settings(LOOK, max_examples=40)
@given(studies())
def test_mixed_models(frame: pd.DataFrame) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sound(ordinal_mixed_model(frame))
        sound(binary_mixed_model(frame.assign(value=(frame["value"] > 2).astype(float))))


@LOOK
@given(studies(), st.data())
def test_pairs_and_gains(frame: pd.DataFrame, data: st.DataObject) -> None:
    random = data.draw(st.randoms(use_true_random=False))
    outcomes = data.draw(st.sampled_from([OUTCOMES, OUTCOMES[:2], OUTCOMES[2:], OUTCOMES[::2]]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        other = [random.choice("abcd") for _ in range(len(frame))]
        outcome = [random.choice(outcomes) for _ in range(len(frame))]
        sound(bradley_terry(frame.rename(columns={"condition": "first"}).assign(second=other, outcome=outcome)))
        before = [random.randint(0, 1) for _ in range(len(frame))]
        sound(simulation_gain(frame.assign(before=before, after=1)))


def test_the_resamples_are_always_the_same() -> None:
    draws = [
        resample.item_intervals(lambda taken: (float(taken.mean()),), pd.Series(range(9)).to_numpy()) for _ in "ab"
    ]
    assert draws[0] == draws[1]
