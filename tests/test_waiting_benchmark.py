"""What the time left is measured by: the sign says whether a job told of too much waiting or of too little."""

from __future__ import annotations

import pytest

from benchmarks.waiting import Followed


def test_the_error_is_that_of_what_was_said_last_before_the_moment() -> None:
    job = Followed("train", 100.0, ((10.0, 20.0), (49.0, 65.0), (51.0, 1.0), (75.0, 20.0)))
    assert job.error_at(0.25) == pytest.approx((20.0 - 75.0) / 75.0)  # it promised 20 s, and 75 were left
    assert job.error_at(0.5) == pytest.approx((65.0 - 50.0) / 50.0)
    assert job.error_at(0.75) == pytest.approx((20.0 - 25.0) / 25.0)
    assert job.error_at(0.05) == float("inf")
