"""A command that runs as a job: `with job_run(…) as run`."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from bcos_core.device import settings_in_words
from bcos_core.errors import BcosError, DatabaseUnreachableError, JobCancelled, JobError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.claims import active_jobs, settle_dead_foreground
from bcos_core.jobs.devices import device_at
from bcos_core.jobs.failure import plain_message
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.journal import Journal
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.log import JobLog
from bcos_core.jobs.outlook import Forecast
from bcos_core.jobs.paces import read_paces
from bcos_core.jobs.part import Part
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.reporter import JobReporter
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.together import end_with_launcher, launcher, rank_here, tell_reason
from bcos_core.progress import Reporter, SilentReporter
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.patience import patiently

_log = logging.getLogger(__name__)
Finish = Callable[[dict[str, Any], Sequence[str]], None]


@dataclass(frozen=True)
class Asked:
    """A job to be made of a command that a person has typed: the arguments of `JobStore.submit`."""

    kind: str
    title: str
    spec: dict[str, Any]
    key: str
    lane: Lane = Lane.LONG
    reserves: str | None = None


@dataclass(frozen=True)
class Start:
    """The start of a job that a supervisor has claimed, and that a process is for."""

    id: str
    attempt: int


class JobRun:
    """What a running command has of its job.

    `home` is where its models and results go. `work` is a folder that survives restarts: what lies there is what the
    work goes on from. It is removed when the job has succeeded. `attempt` is 1 at the first start.
    """

    def __init__(self, job: Job, home: Home, reporter: Reporter, finish: Finish) -> None:
        self.id = job.id
        self.home = home
        self.attempt = job.attempt
        self.work: Path = job.work
        self.reporter = reporter
        self.finished = False
        self._finish = finish

    def require_current(self) -> None:
        """Before what another start would miss is moved.

        Raises:
            JobCancelled: the job was started a second time, and that start has taken over.
            StorageError: the database cannot be read.
        """
        now = JobStore.open(self.home).get(self.id)
        if (now.state, now.attempt) != (JobState.RUNNING, self.attempt):
            raise JobCancelled(f"Job {self.id} was started again, and that start has taken over.")

    def finish(self, result: dict[str, Any], artefacts: Sequence[str | Path] = ()) -> None:
        """The work is done, and `artefacts` are complete under their final names.

        Raises:
            JobCancelled: the job was started a second time, and that start has taken over.
            StorageError: the database cannot be written.
        """
        self._finish(result, [str(path) for path in artefacts])
        self.finished = True


@contextmanager
def job_run(work: Asked | Start, *, home: Home | None = None, plan: Sequence[Part] = ()) -> Iterator[JobRun]:
    """Run the block as a job: the one that a supervisor has started, or, in a command that a person typed, a new one,
    so that the Jobs page shows it.

    How the block ends is the job's state. By `JobCancelled`: cancelled, or waiting again if nobody asked for
    that (the supervisor shuts down). By another exception: failed, with a message for a person; the
    traceback goes to the log. SIGTERM or Ctrl-C lets the next call of the reporter raise `JobCancelled`; a
    second Ctrl-C ends the block at once.

    `plan` are the parts that the work has, by which its time left is told.

    Of several processes that do the job together (`bcos_core.jobs.together`), the first one tells how it goes; the
    others get its work folder and a reporter that nobody listens to. Whoever started them gives the job its state, if
    the first did not finish it: here a block that ends with an exception ends the process.

    Raises:
        JobError: the same work is active already, or this start of the job has been overtaken.
        DatabaseUnreachableError: its server does not answer, and has not for a while at the beginning or the end. The
            job has no state then: whoever started this process starts it again.
        StorageError: the database cannot be written.
    """
    store = JobStore.open(home)
    rank = rank_here()
    if rank is not None:
        end_with_launcher()
    if rank:
        assert isinstance(work, Start)  # whoever started this process has made the job
        job = store.get(work.id)
        with _one_of_several(JobLog(job.log_path, foreground=job.foreground)):
            yield JobRun(job, store.home, SilentReporter(), lambda result, artefacts: None)
        return
    job = patiently(partial(attach, store, work), _log.warning) if isinstance(work, Start) else begin(store, work)
    job.work.mkdir(parents=True, exist_ok=True)
    lease = Lease(store, job.id, job.attempt)
    log = JobLog(job.log_path, foreground=job.foreground)
    journal = Journal(job.journal_path)
    forecast = Forecast(plan, read_paces(store.database, device_at(job.device)), kind=job.kind)
    reporter = JobReporter(lease, journal, log, forecast)

    def finish(result: dict[str, Any], artefacts: Sequence[str]) -> None:
        put = None
        if of is not None:
            put = patiently(partial(of.put, [Path(one) for one in artefacts], naming=result), reporter.log)
        record = put.record if put is not None else None
        taken = patiently(partial(reporter.close, finished=True), log.line)
        told = partial(lease.succeed, result, artefacts, taken, record=record)
        if not patiently(lambda: told() or lease.has_succeeded(), log.line):
            if put is not None:
                put.abandon()
            raise JobCancelled(f"Job {job.id} was started again, and that start has taken over.")
        if put is not None:
            put.settle()
        if not any(Path(artefact).is_relative_to(job.work) for artefact in artefacts):
            shutil.rmtree(job.work, ignore_errors=True)  # checkpoints to go on from: large, and done with

    run = JobRun(job, store.home, reporter, finish)
    of = shared(store.home, store.database)
    reporter.start()
    try:
        if said := settings_in_words():
            reporter.log(said)
        with _stopped_by_signals(reporter):
            if of is not None:
                patiently(partial(of.bring_named, job.spec), reporter.log)
            yield run
            if not run.finished:
                run.finish({})
    except BaseException as error:
        if run.finished:
            raise
        if rank is None:
            _record_end(lease, reporter, log, error, foreground=job.foreground)
            raise
        _tell_end(reporter, log, error)
        raise SystemExit(1) from error
    finally:
        journal.close()
        log.close()


def attach(store: JobStore, start: Start) -> Job:
    """The job that the supervisor started this process for, or the one that did so with others."""
    process = ProcessId.current() if rank_here() is None else ProcessId.of(launcher())
    if not Lease(store, start.id, start.attempt).begin(process):
        raise JobError(f"Start {start.attempt} of job {start.id} is not wanted any more; this process ends.")
    return store.get(start.id)


def begin(store: JobStore, asked: Asked) -> Job:
    """A new job, running in this process."""
    settle_dead_foreground(store, active_jobs(store))
    job, is_new = store.begin(
        asked.kind,
        asked.title,
        asked.spec,
        asked.key,
        ProcessId.current(),
        lane=asked.lane,
        reserves=asked.reserves,
    )
    if not is_new:
        raise JobError(
            f"The same work is {job.state} already, as job {job.id}. Wait for it with "
            f"`python -m bcos_core jobs wait {job.id}`, or cancel it with `… jobs cancel {job.id}`."
        )
    return job


@contextmanager
def _one_of_several(log: JobLog) -> Iterator[None]:
    """The block of a process that is not the first: it ends at once when it is asked to, and says why it fails."""
    previous = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except BaseException as error:
        _tell(error, log, stopped=False)
        raise SystemExit(1) from error
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        log.close()


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


def _record_end(lease: Lease, reporter: JobReporter, log: JobLog, error: BaseException, *, foreground: bool) -> None:
    """Write how the block ended; whatever goes wrong here must not hide `error`."""
    try:
        if isinstance(error, DatabaseUnreachableError) and not foreground and not reporter.stop_requested:
            log.file_line(str(error))  # no failure of the work: it goes on at the next start
            with suppress(StorageError):
                reporter.close()
            return
        taken = reporter.close()
        # A part of the work that was stopped with the rest may have failed in its own way.
        if reporter.stop_requested or isinstance(error, JobCancelled | KeyboardInterrupt):
            log.file_line("Stopped before the work was done.")
            lease.give_up(taken)
        elif isinstance(error, BcosError):
            log.file_line(str(error))
            lease.fail(str(error), taken)
        else:
            log.traceback(error)
            lease.fail(f"{plain_message(error)} The job's log has the details.", taken)
    except StorageError as storage_error:
        log.line(str(storage_error))


def _tell_end(reporter: JobReporter, log: JobLog, error: BaseException) -> None:
    """The same, of the first of several processes: for the one that has started them."""
    _tell(error, log, stopped=reporter.stop_requested)  # first: the others lose this one, and will say so
    with suppress(StorageError):
        reporter.close()


def _tell(error: BaseException, log: JobLog, *, stopped: bool) -> None:
    tell_reason(error, stopped=stopped)
    if not (stopped or isinstance(error, BcosError | KeyboardInterrupt)):
        log.traceback(error)
