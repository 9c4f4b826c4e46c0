"""Which jobs have ended since a researcher looked, so that pages can say so until somebody has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import exists, select

from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.schema import JOB_LOOKS, JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import upsert
from bcos_core.storage.types import utc_now

FORGOTTEN_AFTER = timedelta(days=7)
"""What ended before is no news, whether somebody looked or not."""
NEWS = (JobState.SUCCEEDED, JobState.FAILED)
"""Who cancels a job knows it."""


def unseen(store: JobStore, researcher: str) -> list[Job]:
    """The jobs that have ended and that `researcher` has not looked at, the newest end first.

    A command that a person typed is told where it was typed. A job that was started again, and has ended again, is news
    again.
    """
    looked = exists().where(
        JOB_LOOKS.c.job_id == JOBS.c.id, JOB_LOOKS.c.researcher == researcher, JOB_LOOKS.c.attempt >= JOBS.c.attempt
    )
    since = utc_now() - FORGOTTEN_AFTER
    query = select(JOBS).where(JOBS.c.state.in_(NEWS), ~JOBS.c.foreground, JOBS.c.ended_at > since, ~looked)
    with store.database.read() as connection:
        return list(store.read_all(connection, query.order_by(JOBS.c.ended_at.desc())).found)


def look_at(store: JobStore, researcher: str, jobs: Iterable[Job]) -> None:
    """Note that a researcher has them before their eyes, as they ended now."""
    shown = {job.id: job.attempt for job in jobs if not job.active}
    if not shown:
        return
    looks = JOB_LOOKS.c
    with store.database.write() as connection:
        # A job may have been deleted since, and another tab may have shown a later end of it.
        there = set(connection.execute(select(JOBS.c.id).where(JOBS.c.id.in_(shown))).scalars())
        before = select(looks.job_id, looks.attempt).where(looks.researcher == researcher, looks.job_id.in_(shown))
        later = {id for id, attempt in connection.execute(before) if attempt >= shown[id]}
        rows = [{"researcher": researcher, "job_id": id, "attempt": shown[id]} for id in sorted(there - later)]
        upsert(connection, JOB_LOOKS, rows, key=("researcher", "job_id"))
