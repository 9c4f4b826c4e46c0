"""A command as a job, typed by a person: how it shows, how it ends, how it is stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bcos_core.cli.main import BAD_INPUT, main
from bcos_core.errors import DatabaseUnreachableError, DataError, JobCancelled, JobError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.paces import read_paces
from bcos_core.jobs.part import Part
from bcos_core.jobs.process import DATABASE_AWAY
from bcos_core.jobs.run import Asked, JobRun, Start, job_run
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.storage import patience
from tests.jobs.counting_job import RUNNER, CountSpec, command
from tests.jobs.waiting import wait_until


@contextmanager
def foreground(key: str = "k") -> Iterator[JobRun]:
    with job_run(Asked("train", "Train MiniLM", {"model": "minilm"}, key)) as run:
        yield run


def test_a_finished_block_is_a_succeeded_job(store: JobStore, capfd: pytest.CaptureFixture[str]) -> None:
    with foreground() as run:
        job = store.get(run.id)
        assert (job.state, job.foreground, job.pid, run.attempt) == (JobState.RUNNING, True, os.getpid(), 1)
        assert run.work.is_dir() and run.work == job.work
        run.reporter.stage("Training", 0, 1)
        run.reporter.progress(1, 2)
        run.reporter.metric("loss", 1, 0.5)
        run.reporter.log("half way")
        run.finish({"accuracy": 0.8}, [store.home.models / "m"])
    job = store.get(run.id)
    assert (job.state, job.stage, job.progress) == (JobState.SUCCEEDED, "Training", 1.0)
    assert job.result == {"accuracy": 0.8} and job.artefacts == (str(store.home.models / "m"),)
    assert store.metrics(run.id) == {"loss": [(1, 0.5)]}
    assert store.log_tail(run.id) == "[1/1] Training\nhalf way"
    assert capfd.readouterr().err == "[1/1] Training\nhalf way\n"
    assert not run.work.exists()


def test_progress_is_seen_while_the_block_runs(store: JobStore) -> None:
    with foreground() as run:
        run.reporter.stage("Fitting", 1, 4)
        run.reporter.progress(1, 2)
        run.reporter.metric("loss", 7, 0.25)
        job = wait_until(lambda: (j := store.get(run.id)).progress and j, "progress in the database")
        assert (job.stage, job.stage_index, job.stage_count) == ("Fitting", 1, 4)
        assert job.eta_seconds is not None and not job.late
        wait_until(lambda: store.metrics(run.id) == {"loss": [(7, 0.25)]}, "the point in the database")


def test_an_error_of_the_library_is_the_message(store: JobStore) -> None:
    with pytest.raises(DataError), foreground() as run:
        run.reporter.metric("loss", 1, 0.5)
        raise DataError("No column 'text'. Choose another one.")
    job = store.get(run.id)
    assert (job.state, job.message) == (JobState.FAILED, "No column 'text'. Choose another one.")
    assert store.metrics(run.id) == {"loss": [(1, 0.5)]} and run.work.exists()


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ZeroDivisionError("by zero"), "Something went wrong inside the program (ZeroDivisionError: by zero)."),
        (MemoryError(), "There is not enough memory. Choose a smaller batch size"),
        (OSError(28, "No space left on device"), "The disk is full. Free some space"),
    ],
)
def test_another_error_is_told_plainly_with_the_traceback_in_the_log(
    store: JobStore, error: Exception, message: str
) -> None:
    with pytest.raises(type(error)), foreground() as run:
        raise error
    job = store.get(run.id)
    assert job.state == JobState.FAILED and job.message.startswith(message) and "Traceback" not in job.message
    assert "Traceback" in store.log_tail(run.id) and __file__ in store.log_tail(run.id)


def test_a_cancelled_job_stops_at_the_next_report(store: JobStore) -> None:
    with pytest.raises(JobCancelled), foreground() as run:
        store.cancel(run.id)
        wait_until(lambda: run.reporter.log("still here"), "the stop")
    assert store.get(run.id).state == JobState.CANCELLED


def test_what_fails_because_it_was_stopped_is_cancelled_too(store: JobStore) -> None:
    with pytest.raises(RuntimeError), foreground() as run:
        os.kill(os.getpid(), signal.SIGTERM)
        raise RuntimeError("a data loader's worker was terminated")
    assert store.get(run.id).state == JobState.CANCELLED


def test_signals_are_as_before_afterwards(store: JobStore) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with foreground():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_block_in_another_thread_works_without_signals(store: JobStore) -> None:
    ids: list[str] = []

    def work() -> None:
        with foreground() as run:
            ids.append(run.id)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert store.get(ids[0]).state == JobState.SUCCEEDED


def test_the_same_work_twice_is_refused_with_the_other_jobs_id(store: JobStore) -> None:
    with foreground() as run, pytest.raises(JobError, match=f"running already, as job {run.id}"), foreground():
        pass
    assert len(store.list()) == 1


def test_later_processes_of_several_share_the_first_ones_job(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with foreground() as first:
        with monkeypatch.context() as patch:
            for name, value in (("BCOS_MEETING", tmp_path / "m"), ("BCOS_LAUNCHER", os.getppid()), ("RANK", 1)):
                patch.setenv(name, str(value))
            with job_run(Start(first.id, 1)) as second:
                assert (second.id, second.work) == (first.id, first.work)
                second.reporter.stage("not told", 0, 1)
                second.finish({"not": "told"})
            with pytest.raises(SystemExit), job_run(Start(first.id, 1)):
                raise DataError("No texts.")
        assert "No texts." in (tmp_path / "reason-1.json").read_text()
        assert store.get(first.id).state == JobState.RUNNING
    assert store.get(first.id).result == {}


def test_a_start_that_is_not_wanted_any_more_does_no_work(store: JobStore) -> None:
    job, _ = store.submit("train", "", {}, "k")
    claim(store, "cpu")
    with pytest.raises(JobError, match="not wanted any more"), job_run(Start(job.id, 7)):
        pytest.fail("ran")


@pytest.mark.parametrize("ends", ["done", "failed", "cancelled"])
def test_what_its_parts_took_is_kept_for_later_jobs_however_it_ends(store: JobStore, ends: str) -> None:
    plan = (Part(0, "", "read", 3.0), Part(1, "a", "explain", 30.0), Part(1, "b", "never", 30.0))
    with suppress(DataError, JobCancelled), job_run(Asked("train", "", {}, "k"), plan=plan) as run:
        run.reporter.stage("One", 0, 2)
        run.reporter.stage("Two", 1, 2)
        run.reporter.progress(1, 2, "a")
        if ends == "failed":
            raise DataError("No.")
        if ends == "cancelled":
            raise JobCancelled("Stopped.")
    taken = read_paces(store.database, "cpu").taken
    assert [one.declared for one in taken["read"]] == [3.0]
    assert [one.declared for one in taken["explain"]] == [30.0 if ends == "done" else 15.0]
    assert "never" not in taken


def start_counting(trace: Path) -> subprocess.Popen[bytes]:
    words = command(CountSpec(str(trace), units=10_000, seconds=0.02))
    process = subprocess.Popen([sys.executable, *RUNNER, *words], cwd=CHECKOUT, stderr=subprocess.DEVNULL)

    def has_worked() -> bool:
        text = trace.read_text() if trace.exists() else ""
        return "unit 3" in text.partition(f" {process.pid}\n")[2]

    wait_until(has_worked, "the work")
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_between_two_steps(store: JobStore, tmp_path: Path, number: signal.Signals) -> None:
    process = start_counting(tmp_path / "trace")
    process.send_signal(number)
    assert process.wait(60) != 0
    (job,) = store.list()
    assert (job.state, job.message) == (JobState.CANCELLED, "Cancelled.")
    done = [int(line.split()[1]) for line in (tmp_path / "trace").read_text().splitlines() if line[0] == "u"]
    assert [step for step, _ in store.metrics(job.id)["count/square"]] == done == list(range(len(done)))


def test_the_same_work_can_be_typed_again_after_a_kill(store: JobStore, tmp_path: Path) -> None:
    process = start_counting(tmp_path / "trace")
    process.kill()
    process.wait()
    (killed,) = store.list()
    assert killed.state == JobState.RUNNING  # nobody has looked yet
    again = start_counting(tmp_path / "trace")
    again.kill()
    again.wait()
    killed = store.get(killed.id)
    assert (killed.state, killed.message) == (JobState.FAILED, "Its process ended before the work was done.")


AWAY = DatabaseUnreachableError("The database lab at db cannot be used (closed the connection).")


def _claimed(store: JobStore) -> Start:
    store.submit("train", "Train", {}, "k")
    job = claim(store, "cpu", Lane.LONG)
    assert job is not None
    return Start(job.id, job.attempt)


@pytest.mark.parametrize("heard", [False, True])
def test_a_database_that_is_away_at_the_end_is_waited_for(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], heard: bool
) -> None:
    """It may have `heard` of the end, and its answer was lost."""
    real, times = Lease.succeed, iter((True, False))

    def succeed(lease: Lease, *given: Any, **named: Any) -> bool:
        if next(times):
            assert not heard or real(lease, *given, **named)
            raise AWAY
        return real(lease, *given, **named)

    monkeypatch.setattr(Lease, "succeed", succeed)
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    start = _claimed(store)
    with job_run(start) as run:
        run.finish({"accuracy": 0.8})
    job = store.get(start.id)
    assert (job.state, job.result) == (JobState.SUCCEEDED, {"accuracy": 0.8})
    assert "Tried again in 1 s." in capfd.readouterr().err  # which a supervisor sends to the job's log


def test_a_database_that_is_away_fails_no_job_of_a_supervisor(
    store: JobStore, capfd: pytest.CaptureFixture[str]
) -> None:
    start = _claimed(store)
    with pytest.raises(DatabaseUnreachableError), job_run(start):
        raise AWAY
    assert store.get(start.id).state == JobState.RUNNING and str(AWAY) in capfd.readouterr().err
    with pytest.raises(DatabaseUnreachableError), foreground("typed") as run:
        raise AWAY
    assert (store.get(run.id).state, store.get(run.id).message) == (JobState.FAILED, str(AWAY))


def test_the_process_of_a_job_waits_for_its_database_and_then_says_so(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    start, real, left = _claimed(store), JobStore.open, [1]

    def open_store(home: Home | None = None) -> JobStore:
        if left[0]:
            left[0] -= 1
            raise AWAY
        return real(home)

    monkeypatch.setattr(JobStore, "open", open_store)
    monkeypatch.setattr(patience.time, "sleep", lambda seconds: None)
    words = ["job", start.id, "--attempt", str(start.attempt), "--json"]
    assert main(words) == BAD_INPUT and "it lacks model" in store.get(start.id).message + capfd.readouterr().out
    left[0] = 10**6
    monkeypatch.setattr(patience, "PATIENCE_SECONDS", 0.0)
    assert main(words) == DATABASE_AWAY and str(AWAY) in capfd.readouterr().err
