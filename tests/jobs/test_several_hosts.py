"""Several hosts with one database: each runs jobs on its own devices, and a lost one's jobs start again once."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bcos_core.errors import JobError
from bcos_core.home import Home
from bcos_core.jobs import supervisor_lock
from bcos_core.jobs.claims import claim
from bcos_core.jobs.launch import ensure_supervisor, stop_supervisor
from bcos_core.jobs.presence import Presence, beat, require_alone, supervisors
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.pulse import Pulse
from bcos_core.jobs.schema import JOBS, SUPERVISORS
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from bcos_core.jobs.supervisor_lock import hold_supervisor_lock
from bcos_core.storage.types import utc_now
from tests.jobs.counting_job import COUNT, RUNNER, CountSpec
from tests.jobs.waiting import wait_until


@pytest.fixture
def host(store: JobStore) -> Any:
    """Makes supervisors that are called as one says, each with one device called cpu; they are ended afterwards."""
    with ExitStack() as stack:

        def make(name: str, **options: Any) -> Supervisor:
            asked = {"devices": ("cpu",), "grace_seconds": 1.0, "lease_seconds": 0.6, **options}
            supervisor = Supervisor(store, host=name, runner=RUNNER, **asked)
            stack.callback(supervisor._shut_down)
            return supervisor

        yield make


Make = Callable[..., Supervisor]


def submit(store: JobStore, trace: Path, units: int = 10_000) -> Job:
    return COUNT.submit(store, CountSpec(str(trace), units, 0.02))[0]


def counted(trace: Path) -> int:
    return trace.read_text().count("unit") if trace.exists() else 0


def starts(trace: Path) -> int:
    return trace.read_text().count("start") if trace.exists() else 0


def tick_until(condition: Callable[[], Any], what: str, *those: Supervisor) -> None:
    def step() -> Any:
        for supervisor in those:
            supervisor.tick()
        return condition()

    wait_until(step, what)


def seen_from_afar(store: JobStore, job: Job, *, heartbeat: bool = False) -> None:
    """As if the process ran where its number means nothing here; its own heartbeats are not touched."""
    columns: dict[str, Any] = {"pid_space": "another machine/1"} | ({"heartbeat_at": utc_now()} if heartbeat else {})
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(columns))


def test_two_hosts_each_use_their_own_device(store: JobStore, host: Make, tmp_path: Path) -> None:
    left, right = (host(name, lease_seconds=30.0) for name in ("left", "right"))
    for name in ("a", "b", "c"):
        submit(store, tmp_path / name)
    tick_until(lambda: counted(tmp_path / "a") and counted(tmp_path / "b"), "the work of both", left, right)
    for _ in range(3):
        left.tick(), right.tick()
    running = [job for job in store.list() if job.state == JobState.RUNNING]
    assert sorted((job.supervisor, job.device) for job in running) == [("left", "cpu"), ("right", "cpu")]
    assert counted(tmp_path / "c") == 0
    assert [one.host for one in supervisors(store.database)] == ["left", "right"]


def test_a_host_leaves_the_jobs_of_another_alone_while_they_beat(store: JobStore, host: Make, tmp_path: Path) -> None:
    left, right = host("left"), host("right")
    job = submit(store, tmp_path / "a")
    tick_until(lambda: counted(tmp_path / "a"), "the work", left)
    beats = iter(range(10_000))

    def step() -> bool:  # `left` is gone, and the job goes on
        seen_from_afar(store, job, heartbeat=True)
        right.tick()
        return next(beats) > 80

    wait_until(step, "some time")
    assert (store.get(job.id).state, store.get(job.id).attempt) == (JobState.RUNNING, 1)
    assert not right._watched


def test_a_lost_hosts_job_starts_on_another_when_both_are_silent(store: JobStore, host: Make, tmp_path: Path) -> None:
    left, right = host("left"), host("right")
    trace = tmp_path / "a"
    job = submit(store, trace, units=60)
    tick_until(lambda: counted(trace) >= 3, "the work", left)
    pid = store.get(job.id).pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # the machine stands still, with its supervisor
    seen_from_afar(store, job)
    before = counted(trace)
    # Until the second has seen what the first left: with the lease of these tests, which is shorter than what a job
    # waits for an answer (`STANDS_STILL_AFTER`), the first would go on with that.
    tick_until(lambda: counted(trace) > before, "the second start's work", right)
    assert starts(trace) == 2
    second = store.get(job.id)
    assert (second.attempt, second.crashes, second.supervisor) == (2, 1, "right")
    os.kill(pid, signal.SIGCONT)  # it comes back: the database takes nothing from it any more
    tick_until(lambda: store.get(job.id).state == JobState.SUCCEEDED, "the end", left, right)
    tick_until(lambda: not left._watched, "the end of the first start", left)
    assert (store.get(job.id).attempt, starts(trace)) == (2, 2)
    assert len(store.metrics(job.id)["count/square"]) == 60


def test_a_silent_job_is_left_to_its_supervisor_while_that_one_lives(
    store: JobStore, host: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bcos_core.jobs.supervisor.PRESENCE_SECONDS", 0.0)
    left, right = host("left"), host("right")
    trace = tmp_path / "a"
    job = submit(store, trace)
    tick_until(lambda: counted(trace), "the work", left)
    process = store.get(job.id).process
    assert process is not None
    os.kill(process.pid, signal.SIGSTOP)
    try:
        looks = iter(range(10_000))

        def step() -> bool:
            seen_from_afar(store, job)
            left._show_presence()
            right.tick()
            return next(looks) > 80  # well over the lease

        wait_until(step, "some time")
        assert (store.get(job.id).state, store.get(job.id).attempt) == (JobState.RUNNING, 1)
    finally:
        os.kill(process.pid, signal.SIGCONT)


def test_a_job_claimed_by_a_host_that_is_gone_is_not_running_for_ever(
    store: JobStore, host: Make, tmp_path: Path
) -> None:
    job = submit(store, tmp_path / "a", units=2)
    claim(store, "cpu", supervisor="gone", executor="ray")
    tick_until(lambda: store.get(job.id).state == JobState.SUCCEEDED, "the end", host("left"))
    assert (store.get(job.id).attempt, store.get(job.id).crashes) == (2, 0)  # it had not begun


def test_silence_is_counted_by_one_clock_whatever_is_written() -> None:
    now = [0.0]
    pulse = Pulse(15.0, clock=lambda: now[0])
    assert not pulse.is_silent("a", "1999")  # a clock that is wrong by years
    now[0] = 14.9
    assert not pulse.is_silent("a", "1999")
    now[0] = 15.0
    assert pulse.is_silent("a", "1999")
    assert not pulse.is_silent("a", "1998")  # set back: it lives
    now[0] = 29.0
    pulse.keep(["b"])
    assert not pulse.is_silent("a", "1998")  # begins anew
    now[0] = 44.0
    assert pulse.is_silent("a", "1998")
    pulse.heard("a")
    assert not pulse.is_silent("a", "1998")
    now[0] = 59.0
    assert pulse.is_silent("a", "1998")


def presence(host: str, *, home: str = "/elsewhere", process: ProcessId | None = None) -> Presence:
    return Presence(host, home, "local", process or ProcessId.current(), utc_now(), utc_now())


def test_a_second_home_of_one_host_is_refused(store: JobStore) -> None:
    parent = ProcessId.of(os.getppid())
    beat(store.database, presence("left", process=parent))
    with pytest.raises(JobError, match=f"process {parent.pid}, for /elsewhere"):
        require_alone(store.database, presence("left"))
    require_alone(store.database, presence("right"))


def test_hosts_that_are_long_gone_are_forgotten(store: JobStore) -> None:
    beat(store.database, presence("left"))
    (one,) = supervisors(store.database)
    with store.database.write() as connection:
        weeks_ago = utc_now() - timedelta(days=30)
        connection.execute(update(SUPERVISORS).values(beaten_at=weeks_ago))
    require_alone(store.database, presence("right"))
    assert one.host == "left" and not supervisors(store.database)


@contextmanager
def called(name: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    with monkeypatch.context() as patch:
        patch.setattr(supervisor_lock.platform, "node", lambda: name)
        yield


def test_hosts_that_share_a_home_have_a_lock_each(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.create()
    with called("left/1", monkeypatch), hold_supervisor_lock(home):
        with called("right", monkeypatch), hold_supervisor_lock(home):
            assert supervisor_lock.supervisor_alive(home)
        with pytest.raises(JobError, match="runs already"), hold_supervisor_lock(home):
            pass
    assert not supervisor_lock.supervisor_alive(home)


def test_where_another_host_runs_the_jobs_none_is_started_by_itself(store: JobStore) -> None:
    far = ProcessId("right", "another machine/1", 4711, 1.0)
    beat(store.database, presence("right", process=far))
    assert store.supervisor_alive()
    assert ensure_supervisor(store.home) is False
    with pytest.raises(JobError, match="runs on right. Stop it there"):
        stop_supervisor(store.home)


def test_a_supervisor_says_that_it_is_there_and_that_it_leaves(store: JobStore) -> None:
    supervisor = Supervisor(store, devices=("cpu",))
    supervisor.tick()
    (one,) = supervisors(store.database)
    assert (one.host, one.home, one.executor) == (platform.node(), str(store.home.root), "local")
    assert one.seems_alive
    supervisor._shut_down()
    assert not supervisors(store.database)
