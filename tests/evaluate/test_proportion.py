"""The interval of a share: against published values, against its definition, and the same wherever it is shown."""

from __future__ import annotations

import math

import pytest
from scipy.stats import binomtest

from bcos_core.evaluate.figures import ENOUGH_TEXTS, estimate_in_words, few_texts, interval_in_words, known_figure
from bcos_core.lab.measures import MEASURES
from bcos_core.lab.result import LabRow
from bcos_core.numbers import percent
from bcos_core.tasks.estimates import Estimate, bootstrap, proportion
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import Metric

ACCURACY = TASK_TYPES["single-label"].main_metric


@pytest.mark.parametrize(
    ("found", "n", "low", "high"),
    [  # Newcombe, Statistics in Medicine 1998, 17: 857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_values(found: int, n: int, low: float, high: float) -> None:
    estimate = proportion(found / n, n)
    assert (round(estimate.low, 4), round(estimate.high, 4)) == (low, high)


@pytest.mark.parametrize(("found", "n"), [(8, 10), (763, 965), (1, 3), (500, 1000), (20, 20), (0, 1)])
def test_scipys_and_the_definition(found: int, n: int) -> None:
    estimate = proportion(found / n, n)
    expected = binomtest(found, n).proportion_ci(method="wilson")
    assert (estimate.low, estimate.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    for end in (estimate.low, estimate.high):  # |p̂ − p| = z √(p (1 − p) / n)
        assert abs(found / n - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / n), rel=1e-5, abs=1e-12)


def test_twenty_of_twenty_are_no_certainty() -> None:
    estimate = proportion(1.0, 20)
    assert estimate.high == 1.0 and estimate.low == pytest.approx(20 / (20 + 1.959964**2), abs=1e-7)
    assert proportion(0.0, 20).low == 0.0
    assert MEASURES["top_3"].estimate([1.0] * 20) == estimate


def test_what_is_no_share_is_refused_and_nothing_has_no_interval() -> None:
    for share in (-0.1, 1.1):
        with pytest.raises(ValueError, match="expected one from 0 to 1"):
            proportion(share, 5)
    nothing = proportion(math.nan, 0)
    assert nothing.n == 0 and not nothing.has_interval and MEASURES["top_3"].estimate([]).n == 0


def test_values_that_are_all_the_same_have_no_interval_and_say_so() -> None:
    same = bootstrap([0.25] * 12)
    assert (same.mean, same.n, same.has_interval) == (0.25, 12, False)
    assert interval_in_words(same, percent) == "no interval: all 12 texts give this value"
    assert interval_in_words(bootstrap([0.25]), percent) == "no interval: one text alone"
    assert interval_in_words(bootstrap([]), percent) == "no text"


def test_one_quantity_has_one_interval_wherever_it_is_known_from() -> None:
    trained = known_figure(ACCURACY, 744 / 965, 965)
    assert trained == proportion(744 / 965, 965)
    assert estimate_in_words(ACCURACY, trained) == "77.1 % (95 % interval 74.3 % to 79.6 %)"
    assert not known_figure(Metric("macro_f1", "Macro F1"), 0.8, 965).has_interval  # that takes the answers
    assert not known_figure(ACCURACY, 0.8, None).has_interval
    proportions = {metric.name for kind in TASK_TYPES.values() for metric in kind.metrics if metric.proportion}
    assert proportions == {"accuracy", "exact"}


def test_what_was_kept_with_another_kind_of_interval_is_shown_with_the_one_there_is() -> None:
    kept = LabRow("a", "bcos", "top_3", 1.0, 1.0, 1.0, n=20, failed=0)  # a bootstrap of twenty ones
    assert kept.estimate == proportion(1.0, 20)
    kept = LabRow("a", "bcos", "rank", 1.0, 1.0, 1.0, n=20, failed=0)
    assert kept.estimate.mean == 1.0 and not kept.estimate.has_interval
    kept = LabRow("a", "bcos", "positive_share", 0.5, 0.4, 0.6, n=20, failed=0)
    assert kept.estimate == Estimate(0.5, 0.4, 0.6, 20)


def test_few_texts_are_those_of_which_one_half_has_an_interval_of_more_than_ten_points() -> None:
    assert proportion(0.5, ENOUGH_TEXTS).high < 0.6 <= proportion(0.5, 90).high
    # Wilson by hand: of 20, 0.5 ± 1.96 √(0.25 / 20 + 1.96² / 1600) / (1 + 1.96² / 20) = 0.5 ± 0.201.
    assert few_texts(20) == (
        "20 texts are few, and intervals are wide: that of a share of one half is 30 % to 70 %. From 100 texts on, it "
        "reaches less than 10 points to either side."
    )
    assert few_texts(1).startswith("1 text is few") and few_texts(99) != ""
    assert few_texts(0) == few_texts(ENOUGH_TEXTS) == ""
