"""Progress and time left, worked out by hand."""

from __future__ import annotations

import pytest

from bcos_core.jobs.outlook import Outlook, ProgressEstimator, about


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_nothing_is_known_before_the_first_stage(clock: Clock) -> None:
    assert ProgressEstimator(clock=clock).outlook() == Outlook(None, None, of_stage=False)


def test_without_an_earlier_job_stages_weigh_the_same(clock: Clock) -> None:
    estimator = ProgressEstimator(clock=clock)
    estimator.begin_stage(1, 4)
    assert estimator.outlook() == Outlook(progress=0.25)
    clock.now = 30.0
    estimator.advance(60, 80)  # three quarters in 30 s: 10 s left of this stage; (1 + 0.75) / 4 of the job
    assert estimator.outlook() == Outlook(progress=0.4375, eta_seconds=10.0, of_stage=True)
    clock.now = 34.0  # 4 s without news
    assert estimator.outlook() == Outlook(progress=0.4375, eta_seconds=6.0, of_stage=True)


def test_the_last_stages_time_is_the_jobs(clock: Clock) -> None:
    estimator = ProgressEstimator(clock=clock)
    estimator.begin_stage(1, 2)
    clock.now = 10.0
    estimator.advance(1, 2)
    assert estimator.outlook() == Outlook(progress=0.75, eta_seconds=10.0, of_stage=False)


def test_an_earlier_job_gives_weights_and_the_later_stages_times(clock: Clock) -> None:
    estimator = ProgressEstimator(clock=clock)
    estimator.begin_stage(0, 3, expected=(10.0, 60.0, 30.0))
    clock.now = 4.0
    assert estimator.outlook() == Outlook(progress=0.0, eta_seconds=96.0)  # 10 − 4, 60, 30
    estimator.advance(1, 4)  # a quarter took 4 s, so 12 s more, not 6
    assert estimator.outlook() == Outlook(progress=0.025, eta_seconds=102.0)
    clock.now = 20.0
    estimator.begin_stage(1, 3, expected=(10.0, 60.0, 30.0))
    assert estimator.outlook() == Outlook(progress=0.1, eta_seconds=90.0)


def test_a_resumed_stage_is_timed_from_where_it_goes_on(clock: Clock) -> None:
    estimator = ProgressEstimator(resumed=True, clock=clock)
    estimator.begin_stage(0, 1)
    clock.now = 5.0  # loading the checkpoint
    estimator.advance(50, 100)
    assert estimator.outlook() == Outlook(progress=0.5)
    clock.now = 15.0
    estimator.advance(75, 100)  # 25 units in 10 s
    assert estimator.outlook() == Outlook(progress=0.75, eta_seconds=10.0)


def test_an_overdue_stage_has_no_negative_time(clock: Clock) -> None:
    estimator = ProgressEstimator(clock=clock)
    estimator.begin_stage(0, 2, expected=(10.0, 5.0))
    clock.now = 50.0
    assert estimator.outlook() == Outlook(progress=0.0, eta_seconds=5.0)


def test_an_earlier_job_with_other_stages_is_no_guide(clock: Clock) -> None:
    estimator = ProgressEstimator(clock=clock)
    estimator.begin_stage(0, 2, expected=(1.0, 2.0, 3.0))
    assert estimator.outlook() == Outlook(progress=0.0)


@pytest.mark.parametrize(("done", "total", "progress"), [(5, 0, 0.0), (12, 10, 1.0), (-1, 10, 0.0)])
def test_odd_counts_stay_between_0_and_1(clock: Clock, done: float, total: float, progress: float) -> None:
    estimator = ProgressEstimator(clock=clock)
    estimator.begin_stage(0, 1)
    estimator.advance(done, total)
    assert estimator.outlook().progress == progress


def test_stage_seconds_are_told_only_if_every_stage_was_seen(clock: Clock) -> None:
    whole, part = ProgressEstimator(clock=clock), ProgressEstimator(clock=clock)
    whole.begin_stage(0, 2)
    clock.now = 3.0
    whole.begin_stage(1, 2)
    part.begin_stage(1, 2)
    clock.now = 10.0
    assert whole.finished_stages() == [3.0, 7.0]
    assert part.finished_stages() == []


DURATIONS = {
    0.2: "1 s",
    7.4: "7 s",
    42: "40 s",
    54: "55 s",
    58: "1 min",
    200: "3 min",
    3590: "1 h",
    4800: "1 h 20 min",
    7100: "2 h",
}


@pytest.mark.parametrize(("seconds", "words"), DURATIONS.items())
def test_durations_in_words(seconds: float, words: str) -> None:
    assert about(seconds) == words
