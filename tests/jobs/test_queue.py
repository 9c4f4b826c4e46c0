"""Where a waiting job stands, by hand."""

from __future__ import annotations

import pytest

from bcos_core.jobs.claims import claim
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.queue import Place, _ordinal, in_order, place_in_line
from bcos_core.jobs.store import Job, JobStore


def submit(store: JobStore, title: str, seconds: float | None, lane: Lane = Lane.LONG) -> Job:
    return store.submit("train", title, {}, title, lane=lane, expected_seconds=seconds)[0]


def start(store: JobStore, left: float | None, lane: Lane = Lane.LONG) -> None:
    job = claim(store, "cpu", lane)
    assert job is not None
    columns = {"stage": "Training", "stage_index": 0, "stage_count": 1, "progress": 0.5, "eta_seconds": left}
    assert Lease(store, job.id, 1).beat(columns)


def words(store: JobStore, job: Job) -> str:
    place = place_in_line(store, job)
    assert place is not None
    return place.words()


def test_a_line_of_jobs(store: JobStore) -> None:
    first = submit(store, "Planted truth", 600.0)
    assert words(store, first) == "Next in line"
    start(store, left=240.0)
    second, third, fourth = submit(store, "B", 120.0), submit(store, "C", None), submit(store, "D", 60.0)
    assert place_in_line(store, first) is None
    assert words(store, second) == "Next in line, after “Planted truth”, about 4 min"
    assert words(store, third) == "2nd in line, after “B”, about 6 min"
    assert words(store, fourth) == "3rd in line, after “C”"  # nobody knows how long C takes
    store.cancel(third.id)
    assert words(store, fourth) == "2nd in line, after “B”, about 6 min"


def test_lanes_have_lines_of_their_own_and_typed_commands_have_none(store: JobStore) -> None:
    submit(store, "long", 600.0)
    start(store, left=500.0)
    store.begin("words", "typed", {}, "typed", ProcessId.current(), lane=Lane.SHORT)
    first, second = submit(store, "lock", 20.0, Lane.SHORT), submit(store, "audit", 20.0, Lane.SHORT)
    assert place_in_line(store, first) == Place(1, "", 0.0)
    assert place_in_line(store, second) == Place(2, "lock", 20.0)


def test_with_two_devices_the_one_that_is_free_first_is_taken(store: JobStore) -> None:
    for title, left in (("a", 100.0), ("b", 30.0)):
        submit(store, title, 600.0)
        start(store, left=left)
    first, second, third = (submit(store, title, 50.0) for title in "cde")
    assert place_in_line(store, first) == Place(1, "b", 30.0)
    assert place_in_line(store, second) == Place(2, "c", 80.0)  # b's device again, after 30 + 50 s
    assert place_in_line(store, third) == Place(3, "d", 100.0)  # a's


def test_a_job_that_has_not_told_its_time_left_is_expected_to_take_what_is_left_of_it(store: JobStore) -> None:
    submit(store, "running", 600.0)
    start(store, left=None)
    place = place_in_line(store, submit(store, "next", 10.0))
    assert place is not None and place.seconds == pytest.approx(600.0, abs=30.0)


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (23, "23rd")]
)
def test_ordinals(number: int, said: str) -> None:
    assert _ordinal(number) == said


def test_the_list_runs_from_what_runs_to_what_ended_first(store: JobStore) -> None:
    old, new = submit(store, "old", None), submit(store, "new", None)
    store.cancel(new.id)
    store.cancel(old.id)  # asked for first, and ended last
    running = submit(store, "running", None)
    start(store, left=1.0)
    second, third = submit(store, "second", None), submit(store, "third", None)
    short = submit(store, "short", None, Lane.SHORT)  # next in its own lane
    listed = [job.title for job in in_order(store, 10)]
    assert listed == ["running", "second", "short", "third", "old", "new"]
    assert [job.id for job in in_order(store, 5)] == [running.id, second.id, short.id, third.id, old.id]
    assert [job.title for job in in_order(store, 2)] == listed[:2]
