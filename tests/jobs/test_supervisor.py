"""The supervisor with real processes: started, killed, found again, stopped."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bcos_core.errors import JobError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.executors.executor import Ended
from bcos_core.jobs.launch import ensure_supervisor, stop_supervisor
from bcos_core.jobs.process import DATABASE_AWAY, ProcessId
from bcos_core.jobs.store import Job, JobState, JobStore
from bcos_core.jobs.supervisor import Supervisor
from bcos_core.jobs.supervisor_lock import supervisor_process
from tests.jobs.counting_job import COUNT, RUNNER, CountSpec, command
from tests.jobs.waiting import wait_until


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    return tmp_path / "trace"


@pytest.fixture
def supervisor(store: JobStore) -> Iterator[Supervisor]:
    """Driven by `tick`, one step at a time; what it started is ended afterwards."""
    supervisor = Supervisor(store, runner=RUNNER, devices=("cpu",), grace_seconds=1.0)
    yield supervisor
    supervisor._shut_down()


def submit(store: JobStore, trace: Path, *, units: int = 20, seconds: float = 0.02, **options: Any) -> Job:
    return COUNT.submit(store, CountSpec(str(trace), units, seconds, **options))[0]


def lines(trace: Path, word: str) -> list[list[str]]:
    text = trace.read_text() if trace.exists() else ""
    return [line.split()[1:] for line in text.splitlines() if line.split()[:1] == [word]]


def run_until(supervisor: Supervisor, job: Job, *states: JobState) -> Job:
    def step() -> Job | None:
        supervisor.tick()
        present = supervisor.store.get(job.id)
        return present if present.state in states else None

    return wait_until(step, f"job {' or '.join(states)}")


def run_until_counting(supervisor: Supervisor, trace: Path, unit: int = 3) -> None:
    def step() -> bool:
        supervisor.tick()
        return [str(unit)] in lines(trace, "unit")

    wait_until(step, f"unit {unit}")


def assert_counted_once(store: JobStore, job: Job, units: int) -> None:
    """Every unit of work, and every point of the curve, is there exactly once."""
    (counted,) = job.artefacts
    assert Path(counted).read_text().split() == [str(number) for number in range(units)]
    assert store.metrics(job.id) == {"count/square": [(number, float(number**2)) for number in range(units)]}


def test_a_job_runs_to_its_end(supervisor: Supervisor, store: JobStore, trace: Path) -> None:
    job = run_until(supervisor, submit(store, trace), JobState.SUCCEEDED)
    assert (job.attempt, job.result, job.crashes) == (1, {"total": 20}, 0)
    assert_counted_once(store, job, 20)
    log = store.log_tail(job.id)
    assert log.startswith("--- Start 1, ") and "[2/2] Counting" in log


def test_a_job_has_its_slot_its_niceness_and_a_group_of_its_own(
    supervisor: Supervisor, store: JobStore, trace: Path
) -> None:
    submit(store, trace, units=10_000)
    waiting = submit(store, trace.with_name("other"))
    run_until_counting(supervisor, trace)
    (job,) = [job for job in store.list(active=True) if job.state == JobState.RUNNING]
    assert store.get(waiting.id).state == JobState.QUEUED  # one slot
    process = psutil.Process(job.pid)
    environment = process.environ()
    assert job.device == "cpu" and environment["CUDA_VISIBLE_DEVICES"] == ""
    assert environment["OMP_NUM_THREADS"] == str(len(os.sched_getaffinity(0)))
    assert process.nice() == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    assert os.getpgid(process.pid) == os.getsid(process.pid) == process.pid


def test_two_slots_run_two_jobs_each_on_its_own_device(store: JobStore, tmp_path: Path) -> None:
    supervisor = Supervisor(store, runner=RUNNER, devices=("cuda:2", "cuda:GPU-7"), grace_seconds=1.0)
    try:
        for name in ("a", "b"):
            submit(store, tmp_path / name, units=10_000)
            run_until_counting(supervisor, tmp_path / name)
        seen = {job.device: psutil.Process(job.pid).environ()["CUDA_VISIBLE_DEVICES"] for job in store.list()}
        assert seen == {"cuda:2": "2", "cuda:GPU-7": "GPU-7"}
    finally:
        supervisor._shut_down()


def test_a_killed_job_goes_on_without_loss_or_duplicate(supervisor: Supervisor, store: JobStore, trace: Path) -> None:
    job = submit(store, trace, units=30)
    for kills in (1, 2):
        run_until_counting(supervisor, trace, unit=7 * kills)
        pid = int(lines(trace, "start")[-1][1])
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid: not psutil.pid_exists(pid) or _is_zombie(pid), "the kill")
        run_until(supervisor, job, JobState.QUEUED, JobState.RUNNING)
    job = run_until(supervisor, job, JobState.SUCCEEDED, JobState.FAILED)
    assert (job.state, job.attempt, job.crashes) == (JobState.SUCCEEDED, 3, 2)
    assert_counted_once(store, job, 30)


def _is_zombie(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_command_that_ends_before_its_job_is_not_started_again(
    supervisor: Supervisor, store: JobStore, trace: Path
) -> None:
    supervisor._runner = (*RUNNER, "--no-such-option")
    job = run_until(supervisor, submit(store, trace), JobState.FAILED)
    assert job.attempt == 1 and "exit code 2" in job.message and "--no-such-option" in job.message


def test_a_job_whose_database_was_away_starts_again_three_times_at_most(
    supervisor: Supervisor, store: JobStore, trace: Path
) -> None:
    supervisor._runner = ("-c", f"raise SystemExit({DATABASE_AWAY})")
    job = run_until(supervisor, submit(store, trace), JobState.FAILED)
    assert (job.attempt, job.crashes) == (3, 3) and "its database did not answer" in job.message


@pytest.mark.parametrize(
    ("kind", "spec", "message"),
    [
        ("knit", {}, "Unknown kind of job 'knit'. Known: ablate, audit,"),
        ("words", {"checkpoint": "a", "method": "bcos", "limit": 3}, "another version of the program: it lacks seed."),
        ("words", {"checkpoint": "a", "method": 1, "limit": 3, "seed": 0}, "`method`: expected `str`, got `int`"),
        ("train", {"recipe": []}, "it lacks model, name, notes, processes, task. Ask for the work anew"),
    ],
)
def test_a_job_that_cannot_be_read_fails_in_words(
    store: JobStore, kind: str, spec: dict[str, Any], message: str
) -> None:
    supervisor = Supervisor(store, devices=("cpu",))
    job, _ = store.submit(kind, "", spec, kind)
    job = run_until(supervisor, job, JobState.FAILED)
    assert job.attempt == 1 and message in job.message


@pytest.mark.parametrize(("fail", "words"), [("input", "no column 'text'"), ("bug", "ZeroDivisionError")])
def test_a_failing_job_says_why(supervisor: Supervisor, store: JobStore, trace: Path, fail: str, words: str) -> None:
    job = run_until(supervisor, submit(store, trace, fail=fail), JobState.FAILED)
    assert words in job.message and job.attempt == 1


@pytest.mark.parametrize("deaf", [False, True])
def test_cancel_ends_grandchildren_too(supervisor: Supervisor, store: JobStore, trace: Path, deaf: bool) -> None:
    job = submit(store, trace, grandchild=True, deaf=deaf, units=10_000, seconds=60.0 if deaf else 0.02)

    def grandchildren() -> list[str]:
        supervisor.tick()
        return lines(trace, "grandchild")[0] if lines(trace, "grandchild") else []

    family = [ProcessId.of(int(pid)) for pid in wait_until(grandchildren, "the grandchildren")]
    assert all(process.is_alive() for process in family)
    store.cancel(job.id)
    assert run_until(supervisor, job, JobState.CANCELLED).message == "Cancelled."
    run_until_idle(supervisor)
    wait_until(lambda: not any(process.is_alive() for process in family), "the grandchildren's end")


def test_a_job_that_was_found_can_be_cancelled(supervisor: Supervisor, store: JobStore, trace: Path) -> None:
    started_by_another = Supervisor(store, runner=RUNNER, devices=("cpu",))
    job = submit(store, trace, deaf=True, units=10_000, seconds=60.0)
    wait_until(lambda: started_by_another.tick() or lines(trace, "start"), "the start")
    process = store.get(job.id).process
    assert process is not None
    supervisor.tick()
    store.cancel(job.id)
    run_until(supervisor, job, JobState.CANCELLED)
    assert not process.is_alive()


def run_until_idle(supervisor: Supervisor) -> None:
    def step() -> bool:
        supervisor.tick()
        return not supervisor._watched

    wait_until(step, "the processes' end")


def test_a_claimed_job_whose_process_was_never_seen_starts_again(store: JobStore, trace: Path) -> None:
    job = submit(store, trace, units=2)
    supervisor = Supervisor(store, runner=RUNNER, devices=("cpu",), lease_seconds=0.5)
    claim(store, "cpu", supervisor=platform.node())  # by one that is killed at this very moment
    supervisor.tick()
    assert store.get(job.id).state == JobState.RUNNING  # its process may still come forward
    job = run_until(supervisor, job, JobState.SUCCEEDED)
    assert (job.attempt, job.crashes) == (2, 0)


def test_a_suspended_job_is_not_started_a_second_time(supervisor: Supervisor, store: JobStore, trace: Path) -> None:
    job = submit(store, trace, units=20)
    run_until_counting(supervisor, trace)
    ((_, pid),) = lines(trace, "start")
    os.kill(int(pid), signal.SIGSTOP)
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE jobs SET heartbeat_at = '2000-01-01 00:00:00.000000'")
    Supervisor(store, runner=RUNNER, devices=("cpu",)).tick()
    supervisor.tick()
    os.kill(int(pid), signal.SIGCONT)
    job = run_until(supervisor, job, JobState.SUCCEEDED)
    assert job.attempt == 1 and len(lines(trace, "start")) == 1


def test_a_killed_foreground_job_is_marked_and_never_started(
    supervisor: Supervisor, store: JobStore, trace: Path
) -> None:
    argv = [sys.executable, *RUNNER, *command(CountSpec(str(trace), units=10_000))]
    process = subprocess.Popen(argv, cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    wait_until(lambda: lines(trace, "unit"), "the work")
    process.kill()
    process.wait()
    supervisor.tick()
    supervisor.tick()
    (job,) = store.list()
    assert (job.state, job.message) == (JobState.FAILED, "Its process ended before the work was done.")
    assert len(lines(trace, "start")) == 1


def test_a_process_that_cannot_be_started_fails_its_job(
    supervisor: Supervisor, store: JobStore, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    job = run_until(supervisor, submit(store, trace), JobState.FAILED)
    assert "could not be started" in job.message and "/nowhere/python" in job.message


def test_shutting_down_leaves_jobs_to_go_on_later(store: JobStore, trace: Path) -> None:
    first = Supervisor(store, runner=RUNNER, devices=("cpu",), grace_seconds=5.0)
    job = submit(store, trace, units=30)
    run_until_counting(first, trace)
    first._shut_down()
    job = store.get(job.id)
    assert (job.state, job.crashes, job.pid) == (JobState.QUEUED, 0, None)
    pids = [int(pid) for _, pid in lines(trace, "start")]
    assert not psutil.pid_exists(pids[0])
    second = Supervisor(store, runner=RUNNER, devices=("cpu",))
    assert_counted_once(store, run_until(second, job, JobState.SUCCEEDED), 30)


@contextmanager
def supervisor_command(home: Home) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor as a process of its own."""
    command = [sys.executable, "-m", "tests.jobs.supervising"]
    process = subprocess.Popen(command, cwd=CHECKOUT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        wait_until(lambda: (p := supervisor_process(home)) and p.pid == process.pid, "the supervisor")
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_killed_supervisors_job_is_found_by_the_next_one_and_runs_once(
    store: JobStore, home: Home, trace: Path
) -> None:
    job = submit(store, trace, units=60, seconds=0.05)
    with supervisor_command(home):
        wait_until(lambda: ["2"] in lines(trace, "unit"), "the work")
    assert not store.supervisor_alive()
    pid = int(lines(trace, "start")[0][1])
    assert ProcessId.of(pid).is_alive()
    with supervisor_command(home) as process:
        job = wait_until(lambda: (j := store.get(job.id)).state == JobState.SUCCEEDED and j, "the end")
        with pytest.raises(JobError, match=f"runs already .*process {process.pid}"):
            Supervisor(store).run()
        assert stop_supervisor(home)
        assert process.wait(30) == 0
    assert lines(trace, "start") == [["1", str(pid)]]
    assert_counted_once(store, job, 60)


def test_a_job_that_dies_while_no_supervisor_runs_goes_on_under_the_next_one(store: JobStore, trace: Path) -> None:
    first = Supervisor(store, runner=RUNNER, devices=("cpu",))
    job = submit(store, trace, units=20)
    run_until_counting(first, trace)
    for watched in first._watched.values():
        watched.executor.stop(watched.handle, at_once=True)
        wait_until(lambda watched=watched: isinstance(watched.executor.state(watched.handle), Ended), "the kill")
    second = Supervisor(store, runner=RUNNER, devices=("cpu",))
    job = run_until(second, job, JobState.SUCCEEDED)
    assert (job.attempt, job.crashes) == (2, 1)
    assert_counted_once(store, job, 20)


def test_a_supervisor_is_started_once_and_stopped(store: JobStore, home: Home) -> None:
    assert not store.supervisor_alive() and not stop_supervisor(home)
    assert ensure_supervisor(home) is True
    assert store.supervisor_alive()
    assert ensure_supervisor(home) is False
    process = supervisor_process(home)
    assert process is not None and os.getsid(process.pid) == process.pid
    assert stop_supervisor(home) is True
    assert not store.supervisor_alive()
    assert f"Supervisor {process.pid} has ended." in (home.root / "supervisor.log").read_text()
