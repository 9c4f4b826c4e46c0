"""Wilson intervals, against the two ends found by their definition: |p̂ − p| = z √(p (1 − p) / n)."""

from __future__ import annotations

import math

import pytest

from bcos_core.render.interval import proportion_interval


@pytest.mark.parametrize(("right", "n"), [(8, 10), (763, 965), (1, 3), (500, 1000)])
def test_each_end_is_as_far_from_the_share_as_chance_reaches(right: int, n: int) -> None:
    for end in proportion_interval(right / n, n):
        assert abs(right / n - end) == pytest.approx(1.959964 * math.sqrt(end * (1 - end) / n), rel=1e-5)


def test_the_interval_holds_the_share_and_stays_a_share() -> None:
    assert proportion_interval(0.0, 20)[0] == 0.0
    assert proportion_interval(1.0, 20)[1] == 1.0
    low, high = proportion_interval(0.79, 965)
    assert 0.0 < low < 0.79 < high < 1.0


def test_no_cases_have_no_interval() -> None:
    with pytest.raises(ValueError, match="0 cases"):
        proportion_interval(0.5, 0)
