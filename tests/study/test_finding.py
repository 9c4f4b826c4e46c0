"""The sentence that results begin with, by hand."""

from __future__ import annotations

import pytest

from bcos_core.study.finding import POINTS, Finding
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.statistics.result import Basis, Quantity, Result

BASIS = Basis(12, 24, 288)
NAMES = {"m1": "B-cos", "m2": "integrated gradients", "m3": "occlusion"}


def _result(*quantities: Quantity, undefined: str = "") -> Result:
    return Result("Differences", "", BASIS, quantities, undefined=undefined)


def _difference(pair: tuple[str, str], value: float, low: float, high: float, p: float) -> Quantity:
    return Quantity(" − ".join(pair), value, low, high, p / 2, p, pair=pair)


TWO = {name: NAMES[name] for name in ("m1", "m2")}


def test_where_the_first_is_ahead() -> None:
    found = _result(_difference(("m1", "m2"), 0.381, 0.06, 0.7, 0.027))
    assert POINTS.sentence(found, TWO) == (
        "Raters put B-cos 0.38 points above integrated gradients, 95 % interval 0.06 to 0.70, p (Holm) = 0.027, "
        "12 raters, 24 items."
    )


def test_where_the_first_is_behind_and_the_difference_is_named_the_other_way_round() -> None:
    behind = "Raters put B-cos 0.38 points below integrated gradients, 95 % interval 0.06 to 0.70, p (Holm) < 0.001, "
    for found in (
        _difference(("m1", "m2"), -0.381, -0.7, -0.06, 2e-5),
        _difference(("m2", "m1"), 0.381, 0.06, 0.7, 2e-5),
    ):
        assert POINTS.sentence(_result(found), TWO) == behind + "12 raters, 24 items."


def test_where_nothing_was_found() -> None:
    found = _result(_difference(("m2", "m1"), -0.05, -0.31, 0.2, 0.62))
    assert POINTS.sentence(found, TWO) == (
        "No difference was found between B-cos and integrated gradients; the interval says that the first is anything "
        "from 0.20 points below to 0.31 points above, p (Holm) = 0.62, 12 raters, 24 items."
    )


def test_where_only_the_correction_takes_it_away() -> None:
    found = _result(_difference(("m1", "m2"), 0.3, 0.02, 0.58, 0.074))
    assert POINTS.sentence(found, TWO).startswith(
        "No difference was found between B-cos and integrated gradients after correction for the number of "
        "comparisons; the interval says that the first is anything from 0.02 points above to 0.58 points above,"
    )


def test_each_other_condition_is_held_against_the_first() -> None:
    found = _result(
        _difference(("m1", "m2"), 0.5, 0.1, 0.9, 0.02),
        _difference(("m1", "m3"), 0.0, -0.4, 0.4, 1.0),
        _difference(("m2", "m3"), -0.5, -0.9, -0.1, 0.02),
    )
    assert POINTS.sentence(found, NAMES) == (
        "Raters put B-cos 0.50 points above integrated gradients, 95 % interval 0.10 to 0.90, p (Holm) = 0.02; no "
        "difference was found between B-cos and occlusion; the interval says that the first is anything from 0.40 "
        "points below to 0.40 points above, p (Holm) = 1; 12 raters, 24 items."
    )


def test_what_cannot_be_said_is_said_with_its_reason() -> None:
    few = Quantity("m1 − m2", 0.4, undefined="2 raters: an interval needs at least 6.", pair=("m1", "m2"))
    assert POINTS.sentence(_result(few), TWO) == (
        "Raters put B-cos 0.40 points above integrated gradients, but whether that is chance cannot be said: 2 raters: "
        "an interval needs at least 6, 12 raters, 24 items."
    )
    none = _result(undefined="A difference needs two conditions; there are answers to 1.")
    assert POINTS.sentence(none, TWO) == (
        "Nothing can be said: a difference needs two conditions; there are answers to 1."
    )


def test_rounding_of_the_arithmetic_is_no_difference() -> None:
    few = Quantity("m1 − m2", 6.7e-16, undefined="2 raters: an interval needs at least 6.", pair=("m1", "m2"))
    assert POINTS.sentence(_result(few), TWO).startswith("B-cos and integrated gradients came out equal, but")


def test_a_log_odds_is_said_as_a_ratio_and_a_share_in_points() -> None:
    # exp(0.6931) = 2, exp(0.4055) = 1.5, exp(0.9808) = 2.667
    preferred = _result(_difference(("m1", "m2"), -0.6931, -0.9808, -0.4055, 0.004))
    assert PROTOCOLS["paired"].finding.sentence(preferred, TWO) == (
        "Of those who preferred one, raters chose integrated gradients 2.00 times as often as B-cos, 95 % interval "
        "1.50 to 2.67, p (Holm) = 0.004, 12 raters, 24 items."
    )
    neither = _result(_difference(("m1", "m2"), 0.1, -0.2231, 0.4055, 0.5))  # exp: 0.80 and 1.50
    assert "; the interval says that the first was chosen anything from 0.80 times to 1.50 times as often, p" in (
        PROTOCOLS["paired"].finding.sentence(neither, TWO)
    )
    gained = _result(_difference(("m1", "m2"), 0.125, 0.021, 0.229, 0.03))
    assert PROTOCOLS["simulation"].finding.sentence(gained, TWO) == (
        "With B-cos, right guesses rose by 12.5 percentage points more than with integrated gradients, 95 % interval "
        "2.1 to 22.9, p (Holm) = 0.03, 12 raters, 24 items."
    )


@pytest.mark.parametrize("name", list(PROTOCOLS))
def test_every_protocol_has_a_sentence_for_both_directions(name: str) -> None:
    finding: Finding = PROTOCOLS[name].finding
    ahead = finding.sentence(_result(_difference(("m1", "m2"), 0.3, 0.1, 0.5, 0.01)), TWO)
    behind = finding.sentence(_result(_difference(("m1", "m2"), -0.3, -0.5, -0.1, 0.01)), TWO)
    assert ahead != behind and "{" not in ahead + behind
    assert "B-cos" in ahead and "integrated gradients" in behind
