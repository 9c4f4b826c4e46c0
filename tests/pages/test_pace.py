"""Looks that take long are taken seldom, by one for all."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pages.widgets import pace
from pages.widgets.pace import Pace


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


def test_a_long_look_rests_four_times_as_long_as_it_took(clock: Clock) -> None:
    looks: list[float] = []

    def at() -> int:
        looks.append(clock.now)
        clock.now += 2.0
        return len(looks)

    shared = Pace()
    assert shared.look("study", at) == 1
    clock.now += 7.9  # nearly two refreshes
    assert shared.look("study", at) == 1
    assert shared.look("another", at) == 2  # has its own pace
    clock.now += 0.2
    assert shared.look("study", at) == 3
    assert looks == [1000.0, 1009.9, pytest.approx(1012.1)]


def test_a_short_look_is_taken_each_time(clock: Clock) -> None:
    shared, looks = Pace(), []

    def at() -> int:
        clock.now += 0.05
        looks.append(1)
        return len(looks)

    assert [shared.look("job", at) for _ in range(3)] == [1, 2, 3]


def test_an_error_is_not_kept(clock: Clock) -> None:
    shared = Pace()

    def fails() -> int:
        clock.now += 5.0
        raise ValueError

    with pytest.raises(ValueError):
        shared.look("study", fails)
    assert shared.look("study", lambda: 1) == 1


def test_of_many_who_ask_at_once_one_looks() -> None:
    shared, looks, all_ask = Pace(), [], threading.Barrier(8, timeout=60)

    def at() -> int:
        looks.append(1)
        threading.Event().wait(0.2)  # longer than what is done each time
        return len(looks)

    def ask(_: int) -> int:
        all_ask.wait()
        return shared.look("study", at)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {1}


def test_no_more_is_kept_than_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Pace()
    for number in range(3 * pace.MOST_KEPT):
        shared.look(number, lambda: 0)
    assert len(shared.looks) == pace.MOST_KEPT
