"""Progress and time left of a whole job, worked out by hand."""

from __future__ import annotations

import pytest

from bcos_core.jobs.outlook import Forecast, Outlook, about, time_left
from bcos_core.jobs.paces import Paces, Taken
from bcos_core.jobs.part import Part

# 10 s, then two parts of one stage that take 20 s and 60 s, then 10 s: 100 s in all.
PLAN = (Part(0, "", "read", 10.0), Part(1, "a", "a", 20.0), Part(1, "b", "b", 60.0), Part(2, "", "end", 10.0))


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def forecast(clock: Clock) -> Forecast:
    return Forecast(PLAN, Paces(), kind="k", clock=clock)


def as_planned(forecast: Forecast, clock: Clock, rate: float = 1.0) -> None:
    """To the middle of the job, at so many times the planned seconds: reading, all of a, a third of b."""
    forecast.begin(0, 3)
    clock.now = 10.0 * rate
    forecast.begin(1, 3)
    clock.now = 30.0 * rate
    forecast.advance(4, 4, "a")
    clock.now = 50.0 * rate
    forecast.advance(1, 3, "b")


def test_before_the_first_stage_the_plan_is_known(forecast: Forecast, clock: Clock) -> None:
    clock.now = 5.0  # PyTorch is being imported
    assert forecast.outlook() == Outlook(pytest.approx(0.05), pytest.approx(95.0))
    assert Forecast((), Paces(), kind="k", clock=clock).outlook() == Outlook(None, None)


def test_the_time_left_is_that_of_the_whole_job_from_its_start(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(0, 3)
    assert forecast.outlook() == Outlook(0.0, 100.0)
    clock.now = 4.0
    assert forecast.outlook() == Outlook(pytest.approx(0.04), pytest.approx(96.0))


def test_a_job_that_goes_as_planned_is_half_done_in_the_middle(forecast: Forecast, clock: Clock) -> None:
    as_planned(forecast, clock)
    assert forecast.outlook() == Outlook(pytest.approx(0.5), pytest.approx(50.0))


def test_a_machine_that_is_slower_than_planned_is_found_out(forecast: Forecast, clock: Clock) -> None:
    as_planned(forecast, clock, rate=4.0)
    # Half of the 100 s took 200 s: (200 + 15) / (50 + 15) = 3.31 times as long, counting the plan as 15 s.
    # b: (80 + 0.1 · 60 · 3.31) / (1/3 + 0.1) = 230.5 s for all of it, two thirds of it left; the end 10 · 3.31.
    speed = 215 / 65
    left = 2 / 3 * (80 + 6 * speed) / (1 / 3 + 0.1) + 10 * speed
    outlook = forecast.outlook()
    assert outlook.eta_seconds == pytest.approx(left) and left == pytest.approx(186.7, abs=0.1)
    assert abs(left - 200.0) < 0.3 * 200.0  # what will be true
    assert outlook.late  # 387 s, where 100 were expected


def test_parts_weigh_what_they_take_and_not_how_many_units_they_have(clock: Clock) -> None:
    """A method that costs a hundred times as much as another is a hundred times as much of the work."""
    plan = (Part(0, "cheap", "cheap", 1.0), Part(0, "dear", "dear", 99.0))
    forecast = Forecast(plan, Paces(), kind="k", clock=clock)
    forecast.begin(0, 1)
    clock.now = 1.0
    forecast.advance(32, 32, "cheap")
    assert forecast.outlook() == Outlook(pytest.approx(0.01), pytest.approx(99.0))


def test_what_was_there_already_takes_no_time_and_teaches_nothing(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(0, 3)
    clock.now = 10.0
    forecast.begin(1, 3)
    forecast.given(4, 4, "a")
    forecast.given(1, 2, "b")
    assert forecast.outlook().eta_seconds == pytest.approx(30.0 + 10.0)  # half of b, and the end
    clock.now = 25.0
    forecast.advance(3, 4, "b")  # a quarter of b in 15 s, as planned
    assert forecast.outlook().eta_seconds == pytest.approx(15.0 + 10.0)
    assert forecast.taken() == [Taken("read", 10.0, 10.0), Taken("b", 15.0, 15.0)]


def test_what_is_there_of_a_later_stage_is_known_at_once(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(0, 3)
    clock.now = 4.0
    forecast.given(1, 2, "b", stage=1)
    assert forecast.outlook() == Outlook(pytest.approx(34 / 100), pytest.approx(6.0 + 20.0 + 30.0 + 10.0))
    clock.now = 10.0
    forecast.begin(1, 3)
    forecast.given(1, 2, "b")  # once more, by who does the work: it is the same half
    assert forecast.outlook().eta_seconds == pytest.approx(60.0)
    assert forecast.taken() == [Taken("read", 10.0, 10.0)]


def test_a_stage_that_a_resumed_job_leaves_out_takes_no_time(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(0, 3)
    clock.now = 10.0
    forecast.begin(2, 3)
    assert forecast.outlook() == Outlook(pytest.approx(0.9), pytest.approx(10.0))
    assert forecast.taken() == [Taken("read", 10.0, 10.0)]


def test_a_silent_part_is_never_about_to_end_for_long(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(2, 3)
    clock.now = 9.0
    assert forecast.outlook().eta_seconds == pytest.approx(1.8)  # a fifth of its silence, more than the 1 s expected
    clock.now = 300.0
    outlook = forecast.outlook()
    assert outlook.eta_seconds == pytest.approx(60.0) and outlook.late


def test_work_that_is_known_better_than_planned_is_expected_anew(clock: Clock) -> None:
    forecast = Forecast(PLAN, Paces({"b": [Taken("b", 60.0, 120.0)]}), kind="k", clock=clock)
    forecast.begin(0, 3)
    assert forecast.outlook().eta_seconds == pytest.approx(200.0)  # twice what is declared
    forecast.declare(30.0, "b", 1)  # its texts are half as long as texts of the task are
    # One of half the size, as it took: still twice. All else twice, as b took.
    assert forecast.outlook().eta_seconds == pytest.approx(2 * (10.0 + 20.0 + 30.0 + 10.0))
    clock.now = 20.0
    forecast.begin(1, 3)
    clock.now = 80.0
    forecast.advance(1, 1, "b")
    assert forecast.taken()[-1] == Taken("b", 30.0, 60.0)


def test_silence_is_of_one_part_and_the_others_are_still_to_come(forecast: Forecast, clock: Clock) -> None:
    forecast.begin(0, 3)
    clock.now = 10.0
    forecast.begin(1, 3)
    clock.now = 60.0  # 50 s, of the 60 s of b; then a, and the end
    assert forecast.outlook().eta_seconds == pytest.approx(10.0 + 20.0 + 10.0)
    clock.now = 110.0  # b takes longer than its 60 s: another fifth of 100 s
    assert forecast.outlook().eta_seconds == pytest.approx(20.0 + 20.0 + 10.0)


def test_what_a_method_took_on_the_first_model_is_expected_of_it_on_the_second(clock: Clock) -> None:
    # 100 s: two methods on two models. On the first, a takes twice as long as expected, and b half as long.
    plan = [Part(stage, name, f"{name} {stage}", 25.0) for stage in (0, 1) for name in ("a", "b")]
    forecast = Forecast(plan, Paces(), kind="k", clock=clock)
    forecast.begin(0, 2)
    clock.now = 50.0
    forecast.advance(1, 1, "a")
    clock.now = 62.5
    forecast.advance(1, 1, "b")
    # All of it took (62.5 + 15) / (50 + 15) = 1.19 of what was expected, the plan counting as 15 s. On the second
    # model: a 25 · (50 + 2.5 · 1.19) / (25 + 2.5), b 25 · (12.5 + 2.5 · 1.19) / (25 + 2.5).
    general = 77.5 / 65
    a, b = (25 * (took + 2.5 * general) / 27.5 for took in (50.0, 12.5))
    assert forecast.outlook().eta_seconds == pytest.approx(a + b)
    forecast.begin(1, 2)
    forecast.given(1, 1, "a")
    left = forecast.outlook().eta_seconds
    assert left == pytest.approx(b) and abs(left - 12.5) < 0.3 * 12.5  # what will be true


def test_progress_never_goes_back(forecast: Forecast, clock: Clock) -> None:
    as_planned(forecast, clock)
    before = forecast.outlook().progress
    clock.now += 500.0
    forecast.advance(101, 300, "b")
    after = forecast.outlook()
    assert after.progress == before and after.eta_seconds is not None and after.eta_seconds > 400.0


def test_a_job_that_was_not_planned_is_told_by_its_stages(clock: Clock) -> None:
    forecast = Forecast((), Paces(), kind="k", clock=clock)
    forecast.begin(0, 2)
    clock.now = 10.0
    forecast.begin(1, 2)
    clock.now = 15.0
    forecast.advance(1, 2)
    assert forecast.outlook() == Outlook(pytest.approx(0.75), pytest.approx(5.0))
    clock.now = 20.0
    forecast.finish()
    assert [(one.pace, one.seconds) for one in forecast.taken()] == [("k: 1 of 2", 10.0), ("k: 2 of 2", 10.0)]


def test_a_plan_of_other_stages_is_no_plan(forecast: Forecast) -> None:
    forecast.begin(0, 2)
    assert forecast.outlook() == Outlook(0.0, 20.0)


def test_a_part_that_was_not_planned_counts_all_the_same(clock: Clock) -> None:
    forecast = Forecast((Part(0, "a", "a", 10.0),), Paces(), kind="k", clock=clock)
    forecast.begin(0, 1)
    clock.now = 10.0
    forecast.advance(1, 1, "a")
    clock.now = 12.0
    forecast.advance(1, 5, "new")
    eta = forecast.outlook().eta_seconds
    assert eta is not None and eta == pytest.approx(8.0, rel=0.1)


def test_what_is_known_of_earlier_jobs_is_expected(clock: Clock) -> None:
    paces = Paces({"b": [Taken("b", 60.0, 600.0)]})
    forecast = Forecast(PLAN, paces, kind="k", clock=clock)
    forecast.begin(0, 3)
    assert forecast.outlook().eta_seconds == pytest.approx(1000.0)  # of what is not known, the machine's factor of 10


@pytest.mark.parametrize(
    ("seen", "seconds", "late"),
    [(True, 149.0, False), (True, 151.0, True), (False, 299.0, False), (False, 301.0, True)],
)
def test_late_is_half_as_long_again_or_three_times_where_nothing_is_known(
    clock: Clock, seen: bool, seconds: float, late: bool
) -> None:
    known = {part.pace: [Taken(part.pace, part.seconds, part.seconds)] for part in PLAN} if seen else {}
    forecast = Forecast((*PLAN[:3], Part(2, "", "end", 10.0)), Paces(known), kind="k", clock=clock)
    forecast.begin(0, 3)
    clock.now = seconds  # all in one go
    forecast.begin(1, 3)
    for part in ("a", "b"):
        forecast.given(1, 1, part)
    forecast.begin(2, 3)
    forecast.advance(1, 1)
    assert forecast.outlook().late == late


@pytest.mark.parametrize(("done", "total", "left"), [(0, 0, 0.0), (12, 10, 0.0), (-1, 10, 10.0)])
def test_odd_counts_stay_between_nothing_and_all(clock: Clock, done: float, total: float, left: float) -> None:
    forecast = Forecast((Part(0, "", "p", 10.0),), Paces(), kind="k", clock=clock)
    forecast.begin(0, 1)
    forecast.advance(done, total)
    assert forecast.outlook().eta_seconds == pytest.approx(left, abs=1e-6)


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


def test_time_left_in_words() -> None:
    assert time_left(200.0, late=False) == "about 3 min left"
    assert time_left(42.0, late=True) == "about 40 s left, longer than expected"
