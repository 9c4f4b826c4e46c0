"""A command that runs as a job: `with job_run(…) as run`."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bcos_core.errors import BcosError, InputError, JobCancelled, JobError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.claims import active_jobs, settle_dead_foreground
from bcos_core.jobs.failure import plain_message
from bcos_core.jobs.history import earlier_stage_seconds
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.journal import Journal
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.log import JobLog
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.reporter import JobReporter
from bcos_core.jobs.store import JobStore
from bcos_core.progress import Reporter, SilentReporter

JOB_ID = "BCOS_JOB_ID"
JOB_ATTEMPT = "BCOS_JOB_ATTEMPT"
FOLLOW_SECONDS = 60.0
SHARED_KINDS = ("train", "quickstart")

Finish = Callable[[dict[str, Any], Sequence[str]], None]


class JobRun:
    """What a running command has of its job.

    `work` is a folder that survives restarts: what lies there is what the work goes on from. It is removed
    when the job has succeeded. `attempt` is 1 at the first start.
    """

    def __init__(self, job: Job, reporter: Reporter, finish: Finish) -> None:
        self.id = job.id
        self.attempt = job.attempt
        self.work: Path = job.work
        self.reporter = reporter
        self.finished = False
        self._finish = finish

    def finish(self, result: dict[str, Any], artefacts: Sequence[str | Path] = ()) -> None:
        """The work is done, and `artefacts` are complete under their final names.

        Raises:
            JobCancelled: the job was started a second time, and that start has taken over.
            StorageError: the database cannot be written.
        """
        self._finish(result, [str(path) for path in artefacts])
        self.finished = True


@contextmanager
def job_run(
    kind: str, title: str, argv: Sequence[str], spec: dict[str, Any], key: str, *, home: Home | None = None
) -> Iterator[JobRun]:
    """Run the block as a job.

    In a process that the supervisor started, the block belongs to the job it was started for. In a command
    that a person typed, a job is made, so that the Jobs page shows it. The arguments are those of
    `JobStore.submit`.

    How the block ends is the job's state. By `JobCancelled`: cancelled, or waiting again if nobody asked for
    that (the supervisor shuts down). By another exception: failed, with a message for a person; the
    traceback goes to the log. SIGTERM or Ctrl-C lets the next call of the reporter raise `JobCancelled`; a
    second Ctrl-C ends the block at once.

    Of the processes of one distributed run (`accelerate launch`), the first one is the job; the others get
    its work folder and a reporter that nobody listens to. Training alone is work that they can share.

    Raises:
        InputError: a distributed run of work that several processes cannot share.
        JobError: the same work is active already, or this start of the job has been overtaken.
        StorageError: the database cannot be written.
    """
    if kind not in SHARED_KINDS and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise InputError(
            f"Several processes cannot share the work of a job of kind {kind!r}; run it without a launcher."
        )
    store = JobStore.open(home)
    if os.environ.get("RANK", "0") != "0" and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        yield JobRun(_leading_job(store, key), SilentReporter(), lambda result, artefacts: None)
        return
    job = _attach(store) if JOB_ID in os.environ else _begin(store, kind, title, argv, spec, key)
    job.work.mkdir(parents=True, exist_ok=True)
    lease = Lease(store, job.id, job.attempt)
    log = JobLog(job.log_path, foreground=job.foreground)
    journal = Journal(job.journal_path)
    reporter = JobReporter(lease, journal, log, expected_stages=lambda n: earlier_stage_seconds(store, job, n))

    def finish(result: dict[str, Any], artefacts: Sequence[str]) -> None:
        if not lease.succeed(result, artefacts, reporter.close()):
            raise JobCancelled(f"Job {job.id} was started again, and that start has taken over.")
        if not any(Path(artefact).is_relative_to(job.work) for artefact in artefacts):
            shutil.rmtree(job.work, ignore_errors=True)  # checkpoints to go on from: large, and done with

    run = JobRun(job, reporter, finish)
    reporter.start()
    try:
        with _stopped_by_signals(reporter):
            yield run
            if not run.finished:
                run.finish({})
    except BaseException as error:
        if not run.finished:
            _record_end(lease, reporter, log, error)
        raise
    finally:
        journal.close()
        log.close()


def stored_request() -> dict[str, Any] | None:
    """What was asked of the job that this process was started for, whole; None in a command that a person typed.

    Raises:
        JobError: there is no such job.
    """
    return JobStore.open().get(os.environ[JOB_ID]).spec if JOB_ID in os.environ else None


def _attach(store: JobStore) -> Job:
    """The job that the supervisor started this process for."""
    # Taken out of the environment: a command that this one starts is not the job.
    id, attempt = os.environ.pop(JOB_ID), int(os.environ.pop(JOB_ATTEMPT, "0"))
    if not Lease(store, id, attempt).begin():
        raise JobError(f"Start {attempt} of job {id} is not wanted any more; this process ends.")
    return store.get(id)


def _begin(store: JobStore, kind: str, title: str, argv: Sequence[str], spec: dict[str, Any], key: str) -> Job:
    """A new job, running in this process."""
    settle_dead_foreground(store, active_jobs(store))
    job, is_new = store.begin(kind, title, argv, spec, key, ProcessId.current())
    if not is_new:
        raise JobError(
            f"The same work is {job.state} already, as job {job.id}. Wait for it with "
            f"`python -m bcos_core jobs wait {job.id}`, or cancel it with `… jobs cancel {job.id}`."
        )
    return job


def _leading_job(store: JobStore, key: str) -> Job:
    """The job of the first process of a distributed run, which may not have made it yet."""
    if JOB_ID in os.environ:
        return store.get(os.environ[JOB_ID])
    deadline = time.monotonic() + FOLLOW_SECONDS
    while time.monotonic() < deadline:
        for job in active_jobs(store):
            if job.key == key and job.state == JobState.RUNNING:
                return job
        time.sleep(0.2)
    raise JobError(f"The first process of this distributed run has made no job in {FOLLOW_SECONDS:.0f} seconds.")


@contextmanager
def _stopped_by_signals(reporter: JobReporter) -> Iterator[None]:
    """SIGTERM and Ctrl-C ask the reporter to stop, inside the block. Signals reach the main thread only."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            if reporter.stop_requested:
                raise KeyboardInterrupt
            # Past Python's buffers, which the interrupted code may be in the middle of.
            os.write(2, b"\nStopping at the next step. Press Ctrl-C again to stop at once.\n")
        reporter.request_stop()

    previous = {number: signal.signal(number, ask) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _record_end(lease: Lease, reporter: JobReporter, log: JobLog, error: BaseException) -> None:
    """Write how the block ended; whatever goes wrong here must not hide `error`."""
    try:
        reporter.close()
        # A part of the work that was stopped with the rest may have failed in its own way.
        if reporter.stop_requested or isinstance(error, JobCancelled | KeyboardInterrupt):
            log.file_line("Stopped before the work was done.")
            lease.give_up()
        elif isinstance(error, BcosError):
            log.file_line(str(error))
            lease.fail(str(error))
        else:
            log.traceback(error)
            lease.fail(f"{plain_message(error)} The job's log has the details.")
    except StorageError as storage_error:
        log.line(str(storage_error))
