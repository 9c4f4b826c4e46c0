"""What a supervisor does to rows: take a waiting job, and settle one whose process has died."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum, auto
from typing import Any

from sqlalchemy import select, update

from bcos_core.errors import DamagedJobError
from bcos_core.jobs.job import ACTIVE_STATES, Job, JobState
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import INTERRUPTED, NO_PROCESS, JobStore
from bcos_core.storage.listing import Listing
from bcos_core.storage.types import utc_now

MAX_CRASHES = 3


class Loss(Enum):
    """How a start of a job was lost, whose process is gone and has left the job without a state."""

    CRASH = auto()
    """It died, and may live the next time."""
    FORGOTTEN = auto()
    """Nobody knows of it any more. Had it not begun, it was no start."""
    INTERRUPTED = auto()
    """Its supervisor has ended it."""
    HOPELESS = auto()
    """It would end the same way again."""


def claim(
    store: JobStore, device: str, lane: Lane = Lane.LONG, *, supervisor: str = "", executor: str = ""
) -> Job | None:
    """The job that has waited longest in `lane`, now running on `device`, in the hands of the `supervisor` of that host
    and its `executor`; None if none waits.

    Of several that ask at once, one gets it.
    """
    waiting = select(JOBS.c.id).where(JOBS.c.state == JobState.QUEUED, JOBS.c.lane == lane)
    waiting = waiting.order_by(JOBS.c.created_at, JOBS.c.id)
    with store.database.write() as connection:
        id = connection.execute(waiting.limit(1)).scalar()
        if id is None:
            return None
        now = utc_now()
        columns = {"state": JobState.RUNNING, "started_at": now, "heartbeat_at": now, "message": ""}
        columns |= {"device": device, "supervisor": supervisor, "executor": executor}
        connection.execute(update(JOBS).where(JOBS.c.id == id).values(attempt=JOBS.c.attempt + 1, **columns))
        try:
            return store.read(connection, id)
        except DamagedJobError as error:  # it would be the next one for ever, and nothing after it would start
            failed = {"state": JobState.FAILED, "message": str(error), "ended_at": now}
            connection.execute(update(JOBS).where(JOBS.c.id == id).values(failed))
            return None


def processes_wanted(store: JobStore, lane: Lane) -> int:
    """How many processes are to do the job that has waited longest in a lane; 0 where none waits."""
    waiting = select(JOBS.c.spec).where(JOBS.c.state == JobState.QUEUED, JOBS.c.lane == lane)
    with store.database.read() as connection:
        row = connection.execute(waiting.order_by(JOBS.c.created_at, JOBS.c.id).limit(1)).first()
    if row is None:
        return 0
    wanted = row.spec.get("processes") if isinstance(row.spec, dict) else None
    return wanted if isinstance(wanted, int) and wanted > 0 else 1


def tell_waiting(store: JobStore, lane: Lane, message: str) -> None:
    """Say to every waiting job of a lane what it waits for."""
    waiting = (JOBS.c.state == JobState.QUEUED, JOBS.c.lane == lane, JOBS.c.message != message)
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(*waiting).values(message=message))


def record_handle(store: JobStore, job: Job, handle: str) -> None:
    """Write down what was started for `job`, for a later supervisor."""
    _tell(store, job, handle=handle)


def tell_running(store: JobStore, job: Job, message: str) -> None:
    """Say to a job that was started what it waits for."""
    _tell(store, job, message=message)


def postpone(store: JobStore, job: Job, message: str) -> None:
    """Back into the queue with a job that was claimed and could not be started now: no start of it was lost."""
    _tell(store, job, state=JobState.QUEUED, **{**NO_PROCESS, "message": message})


def _tell(store: JobStore, job: Job, **columns: Any) -> None:
    same = (JOBS.c.id == job.id, JOBS.c.attempt == job.attempt, JOBS.c.state == JobState.RUNNING)
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(*same).values(columns))


def active_jobs(store: JobStore) -> Listing[Job]:
    """Every job that waits or runs, oldest first; damaged rows are left out and named."""
    query = select(JOBS).where(JOBS.c.state.in_(ACTIVE_STATES)).order_by(JOBS.c.created_at, JOBS.c.id)
    with store.database.read() as connection:
        return store.read_all(connection, query)


def settle(store: JobStore, job: Job, reason: str, loss: Loss = Loss.CRASH) -> None:
    """Give a new state to a running job whose process has ended without one.

    A job that was being cancelled is cancelled. One that was interrupted waits for the next start, a hopeless one
    fails. Any other starts again, up to three starts in all. Nothing happens if the job has moved on since it was read.

    Args:
        reason: how its process ended, as part of a sentence; of a hopeless one what is said of the job.
    """
    with store.database.write() as connection:
        present = store.read(connection, job.id)
        if present.state == JobState.RUNNING and present.attempt == job.attempt:
            columns = _settled(present, reason, loss)
            same = (JOBS.c.id == job.id, JOBS.c.attempt == job.attempt, JOBS.c.state == JobState.RUNNING)
            connection.execute(update(JOBS).where(*same).values(eta_seconds=None, **NO_PROCESS, **columns))


def _settled(job: Job, reason: str, loss: Loss) -> dict[str, Any]:
    ended = {"ended_at": utc_now()}
    if job.cancel_requested:
        return {**ended, "state": JobState.CANCELLED, "message": "Cancelled."}
    if job.foreground:
        return {**ended, "state": JobState.FAILED, "message": "Its process ended before the work was done."}
    if loss is Loss.INTERRUPTED:
        return {"state": JobState.QUEUED, "message": INTERRUPTED}
    if loss is Loss.HOPELESS:
        return {**ended, "state": JobState.FAILED, "message": reason}
    crashes = job.crashes + (0 if loss is Loss.FORGOTTEN and job.process is None else 1)
    if crashes < MAX_CRASHES:
        return {"state": JobState.QUEUED, "crashes": crashes, "message": f"Starts again: {reason}."}
    message = f"Started {crashes} times, and each time its process ended too early; the last time {reason}."
    return {**ended, "state": JobState.FAILED, "crashes": crashes, "message": f"{message} The log may say why."}


def settle_dead_foreground(
    store: JobStore, jobs: Iterable[Job], *, is_dead: Callable[[Job], bool] = lambda job: not job.seems_alive()
) -> None:
    """Mark those foreground jobs as failed whose process has died, so that the same work can be asked for again."""
    for job in jobs:
        if job.foreground and job.state == JobState.RUNNING and is_dead(job):
            settle(store, job, "")
