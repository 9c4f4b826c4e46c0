"""Two lanes: what is short does not wait for what is long, and each lane is still one after the other."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bcos_core.home import Home
from bcos_core.jobs.claims import claim, processes_wanted
from bcos_core.jobs.devices import device_environment, lack_of_room
from bcos_core.jobs.executors import local as local_module
from bcos_core.jobs.executors.local import LocalExecutor
from bcos_core.jobs.kinds import NAMES, kind_of
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from tests.jobs.counting_job import COUNT, RUNNER, CountSpec
from tests.jobs.waiting import wait_until

QUICK_COUNT = replace(COUNT, name="quick-count", lane=Lane.SHORT)


@pytest.fixture
def supervisor(store: JobStore) -> Iterator[Supervisor]:
    supervisor = Supervisor(store, runner=RUNNER, devices=("cpu",), grace_seconds=1.0)
    yield supervisor
    supervisor._shut_down()


@pytest.fixture
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is no question, whatever else this machine does."""
    monkeypatch.setattr(local_module, "lack_of_room", lambda device: "")


def submit(store: JobStore, trace: Path, lane: Lane, *, units: int = 10_000, deaf: bool = False) -> Job:
    kind = QUICK_COUNT if lane == Lane.SHORT else COUNT
    return kind.submit(store, CountSpec(str(trace), units, 0.02, deaf=deaf))[0]


def counted(trace: Path) -> int:
    return trace.read_text().count("unit") if trace.exists() else 0


def run_until_counting(supervisor: Supervisor, *traces: Path) -> None:
    wait_until(lambda: supervisor.tick() or all(counted(trace) for trace in traces), "the work")


def run_until(supervisor: Supervisor, job: Job, state: JobState) -> Job:
    def step() -> Job | None:
        supervisor.tick()
        now = supervisor.store.get(job.id)
        return now if now.state == state else None

    return wait_until(step, f"job {state}")


def state(store: JobStore, job: Job) -> JobState:
    return store.get(job.id).state


def test_kinds_that_are_short() -> None:
    short = {name for name in NAMES if kind_of(name).lane == Lane.SHORT}
    assert {"lock", "audit", "words", "rehearse"} <= short
    assert not short & {"quickstart", "train", "evaluate", "lab"}


@pytest.mark.usefixtures("roomy")
def test_a_short_job_runs_beside_a_long_one_and_ends_before_it(
    supervisor: Supervisor, store: JobStore, tmp_path: Path
) -> None:
    long = submit(store, tmp_path / "long", Lane.LONG)
    next_long = submit(store, tmp_path / "next", Lane.LONG)
    run_until_counting(supervisor, tmp_path / "long")
    short = submit(store, tmp_path / "short", Lane.SHORT, units=5)
    short = run_until(supervisor, short, JobState.SUCCEEDED)
    assert state(store, long) == JobState.RUNNING and state(store, next_long) == JobState.QUEUED
    assert short.device == "" and short.attempt == 1


@pytest.mark.usefixtures("roomy")
def test_a_lane_is_one_after_the_other(supervisor: Supervisor, store: JobStore, tmp_path: Path) -> None:
    """Over the whole life of six jobs: never two of a lane at once, and in the order in which they were asked for."""
    asked = {
        lane: [submit(store, tmp_path / f"{lane}-{n}", lane, units=2).id for n in range(3)]
        for lane in (Lane.SHORT, Lane.LONG)
    }

    def step() -> bool:
        supervisor.tick()
        running = [job.lane for job in store.list() if job.state == JobState.RUNNING]
        assert len(running) == len(set(running))
        return all(job.state == JobState.SUCCEEDED for job in store.list())

    wait_until(step, "the end of all jobs")
    for lane, ids in asked.items():
        jobs = sorted((job for job in store.list() if job.lane == lane), key=lambda job: str(job.started_at))
        assert [job.id for job in jobs] == ids


@pytest.mark.usefixtures("roomy")
def test_a_short_job_that_is_killed_goes_on_and_one_that_is_cancelled_ends(
    supervisor: Supervisor, store: JobStore, tmp_path: Path
) -> None:
    long = submit(store, tmp_path / "long", Lane.LONG)
    short = submit(store, tmp_path / "short", Lane.SHORT)
    run_until_counting(supervisor, tmp_path / "long", tmp_path / "short")
    os.kill(store.get(short.id).pid or 0, signal.SIGKILL)
    wait_until(lambda: supervisor.tick() or store.get(short.id).attempt == 2, "the second start")
    assert store.get(short.id).lane == Lane.SHORT
    store.cancel(short.id)
    run_until(supervisor, short, JobState.CANCELLED)
    assert (store.get(long.id).state, store.get(long.id).attempt) == (JobState.RUNNING, 1)
    again = store.resume(short.id)
    assert again.lane == Lane.SHORT
    wait_until(lambda: supervisor.tick() or state(store, short) == JobState.RUNNING, "the resumed job")


@pytest.mark.usefixtures("roomy")
def test_another_supervisor_finds_both_lanes_taken(supervisor: Supervisor, store: JobStore, tmp_path: Path) -> None:
    for lane in Lane:
        submit(store, tmp_path / lane, lane)
        submit(store, tmp_path / f"{lane}-next", lane)
    run_until_counting(supervisor, *(tmp_path / lane for lane in Lane))
    another = Supervisor(store, runner=RUNNER, devices=("cpu",))
    another.tick()
    another.tick()
    assert sorted(job.lane for job in store.list() if job.state == JobState.RUNNING) == [Lane.LONG, Lane.SHORT]


@pytest.mark.usefixtures("roomy")
def test_a_short_job_takes_the_device_without_a_long_one(store: JobStore, tmp_path: Path) -> None:
    supervisor = Supervisor(store, runner=RUNNER, devices=("cuda:0", "cuda:1"), grace_seconds=1.0)
    try:
        long = submit(store, tmp_path / "long", Lane.LONG)
        run_until_counting(supervisor, tmp_path / "long")
        short = submit(store, tmp_path / "short", Lane.SHORT)
        run_until_counting(supervisor, tmp_path / "short")
        assert (store.get(long.id).device, store.get(short.id).device) == ("cuda:0", "cuda:1")
    finally:
        supervisor._shut_down()


def test_without_memory_beside_the_long_job_a_short_one_says_what_it_waits_for(
    supervisor: Supervisor, store: JobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_module, "LOOK_FOR_ROOM_SECONDS", 0.0)
    monkeypatch.setattr(local_module, "lack_of_room", lambda device: "Waits for memory.")
    alone = submit(store, tmp_path / "alone", Lane.SHORT, units=1)
    run_until(supervisor, alone, JobState.SUCCEEDED)  # beside nothing, it has the memory to itself
    submit(store, tmp_path / "long", Lane.LONG)
    run_until_counting(supervisor, tmp_path / "long")
    short = submit(store, tmp_path / "short", Lane.SHORT, units=1)
    supervisor.tick()
    assert (store.get(short.id).state, store.get(short.id).message) == (JobState.QUEUED, "Waits for memory.")
    monkeypatch.setattr(local_module, "lack_of_room", lambda device: "")
    assert run_until(supervisor, short, JobState.SUCCEEDED).message == ""


@pytest.mark.parametrize(
    ("device", "free", "said"),
    [
        ("cpu", 2_000_000_000, ""),
        ("cpu", 900_000_000, "Waits for memory on this machine: 900 MB are free, and 1.5 GB are wanted."),
        ("cuda:1", 3_000_000_000, "Waits for memory on cuda:1: 3 GB are free, and 4 GB are wanted."),
        ("cuda:1", None, ""),
    ],
)
def test_memory_in_words(device: str, free: int | None, said: str) -> None:
    assert lack_of_room(device, lambda _: free) == said


def test_threads_of_either_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    threads = {lane: device_environment("cpu", lane, devices=1)["OMP_NUM_THREADS"] for lane in Lane}
    assert threads == {Lane.LONG: "2", Lane.SHORT: "1"}
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    assert device_environment("cuda:3", Lane.SHORT, devices=4) == {
        "CUDA_VISIBLE_DEVICES": "3",
        "BCOS_DEVICE": "cuda",
        "OMP_NUM_THREADS": "2",
    }


@pytest.mark.usefixtures("roomy")
def test_a_short_job_is_nice_to_pages_and_less_so_to_a_long_one(
    supervisor: Supervisor, store: JobStore, tmp_path: Path
) -> None:
    jobs = {lane: submit(store, tmp_path / lane, lane) for lane in Lane}
    run_until_counting(supervisor, *(tmp_path / lane for lane in Lane))
    nice = {lane: psutil.Process(store.get(job.id).pid).nice() for lane, job in jobs.items()}
    assert os.getpriority(os.PRIO_PROCESS, 0) < nice[Lane.SHORT] < nice[Lane.LONG] or nice[Lane.SHORT] == 19


def test_claims_are_of_one_lane(store: JobStore) -> None:
    long, _ = store.submit("a", "", {}, "long")
    short, _ = store.submit("b", "", {}, "short", lane=Lane.SHORT)
    assert (first := claim(store, "cpu", Lane.SHORT)) is not None and first.id == short.id
    assert claim(store, "cpu", Lane.SHORT) is None
    assert (second := claim(store, "cpu", Lane.LONG)) is not None and second.id == long.id


def test_a_job_of_several_processes_has_as_many_gpus_to_itself(home: Home) -> None:
    executor = LocalExecutor(home, devices=("cuda:0", "cuda:1", "cuda:2"))
    assert executor.room(Lane.LONG, set(), wanted=2).places == ["cuda:0,1"]
    assert executor.room(Lane.LONG, {("cuda:0", Lane.LONG)}, wanted=2).places == ["cuda:1,2"]
    short = executor.room(Lane.LONG, {("cuda:0,1", Lane.LONG)}, wanted=2)
    assert not short.places and short.lack == "Waits for 2 GPUs: 1 of 3 are free."
    assert executor.room(Lane.LONG, {("cuda:0,1", Lane.LONG)}).places == ["cuda:2"]
    assert executor.room(Lane.LONG, set(), wanted=8).places == ["cuda:0,1,2"]  # as many as there are
    assert LocalExecutor(home, devices=("cpu",)).room(Lane.LONG, set(), wanted=4).places == ["cpu"]
    environment = device_environment("cuda:0,1", Lane.LONG, devices=3)
    assert environment["CUDA_VISIBLE_DEVICES"] == "0,1"


def test_what_the_job_that_waits_longest_wants(store: JobStore) -> None:
    assert processes_wanted(store, Lane.LONG) == 0
    store.submit("train", "Train", {"processes": 3}, "a")
    store.submit("train", "Train", {}, "b")
    assert processes_wanted(store, Lane.LONG) == 3
    claim(store, "cuda:0,1,2")
    assert processes_wanted(store, Lane.LONG) == 1
