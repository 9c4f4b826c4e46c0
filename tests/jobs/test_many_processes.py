"""Eight processes on one database at once: nothing lost, nothing twice."""

from __future__ import annotations

import multiprocessing
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.synchronize import Barrier

from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.store import JobState, JobStore

PROCESSES = 8
JOBS_EACH = 5
POINTS_EACH = 40


def test_submitting_reporting_and_claiming_at_once_loses_nothing(home: Home) -> None:
    store = JobStore.open(home)
    shared, _ = store.submit("train", "", {}, "shared")
    assert claim(store, "cpu") is not None
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    results = context.SimpleQueue()
    processes = [
        context.Process(target=_work, args=(home, number, shared.id, barrier, results)) for number in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    answers: list[Answer] = [results.get() for _ in processes]
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * PROCESSES

    submitted = [id for answer in answers for id in answer.submitted]
    assert len(set(submitted)) == PROCESSES * JOBS_EACH
    # The same key from all of them: one made the job, the others got it.
    (wanted_by_all,) = {answer.wanted_by_all for answer in answers}
    assert sum(answer.made_it for answer in answers) == 1
    # Different work of one name from all of them: one may do it.
    (reserved,) = [answer.reserved for answer in answers if answer.reserved]
    submitted.append(reserved)
    assert sorted(job.id for job in store.list()) == sorted([*submitted, wanted_by_all, shared.id])
    # Every waiting job was claimed, by one of them.
    assert sorted(id for answer in answers for id in answer.claimed) == sorted([*submitted, wanted_by_all])
    assert {(job.state, job.attempt) for job in store.list()} == {(JobState.RUNNING, 1)}
    points = [(step, float(step)) for step in range(POINTS_EACH)]
    assert store.metrics(shared.id) == {f"loss/{number}": points for number in range(PROCESSES)}


@dataclass(frozen=True)
class Answer:
    submitted: list[str]
    wanted_by_all: str
    made_it: bool
    reserved: str
    claimed: list[str]


def _work(home: Home, number: int, shared: str, barrier: Barrier, results: multiprocessing.SimpleQueue) -> None:
    store = JobStore.open(home)
    barrier.wait(60)
    lease = Lease(store, shared, attempt=1)
    lanes = (Lane.LONG, Lane.SHORT)
    ids = [
        store.submit("train", "", {}, f"{number}/{index}", lane=lanes[index % 2])[0].id for index in range(JOBS_EACH)
    ]
    for step in range(POINTS_EACH):
        assert lease.beat({}, [Point(f"loss/{number}", step, float(step))])
    job, is_new = store.submit("train", "", {}, "wanted by all")
    reserved = ""
    with suppress(InputError):
        reserved = store.submit("train", "", {}, f"{number}/named", reserves="one name")[0].id
    barrier.wait(60)
    claimed = [job.id for lane in lanes for job in iter(partial(claim, store, "cpu", lane), None)]
    results.put(Answer(ids, job.id, is_new, reserved, claimed))
