"""What earlier jobs tell about a new one."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, select

from bcos_core.errors import StorageError
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore


def earlier_stage_seconds(store: JobStore, job: Job, stage_count: int) -> Sequence[float]:
    """Seconds of each stage in a finished job of the same kind, with as many stages; nothing if there is none.

    The same work (`key`) is preferred, then the newest. A restarted job is no guide: its stages were cut.
    """
    same_work = case((JOBS.c.key == job.key, 0), else_=1)
    query = (
        select(JOBS.c.stage_seconds)
        .where(JOBS.c.kind == job.kind, JOBS.c.state == JobState.SUCCEEDED, JOBS.c.attempt == 1)
        .where(JOBS.c.stage_count == stage_count)
        .order_by(same_work, JOBS.c.ended_at.desc())
        .limit(10)
    )
    try:
        with store.database.read() as connection:
            candidates = connection.execute(query).scalars().all()
    except StorageError:
        return ()  # an estimate is not worth ending the work for
    return next((seconds for seconds in candidates if len(seconds) == stage_count), ())
