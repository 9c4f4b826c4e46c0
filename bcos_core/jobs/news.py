"""Which jobs have ended since a researcher looked, so that pages can say so until somebody has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, select

from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.schema import JOB_LOOKS, JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import upsert
from bcos_core.storage.types import utc_now

FORGOTTEN_AFTER = timedelta(days=7)
"""What ended before is no news, whether somebody looked or not."""
NEWS = (JobState.SUCCEEDED, JobState.FAILED)
"""Who cancels a job knows it."""
MOST = 20
"""So many are told one by one; a list of more tells nobody anything."""


def unseen(
    store: JobStore, researcher: str, *, among: Sequence[str] | None = None, limit: int | None = MOST
) -> list[Job]:
    """The jobs that have ended and that `researcher` has not looked at, the newest end first: the newest `limit` of
    all, or of those `among` some, by their ids.

    A command that a person typed is told where it was typed. A job that was started again, and has ended again, is news
    again.
    """
    ids = select(JOBS.c.id).where(*_is_news(researcher)).order_by(JOBS.c.ended_at.desc()).limit(limit)
    if among is not None:
        ids = ids.where(JOBS.c.id.in_(among))
    query = select(JOBS).where(JOBS.c.id.in_(ids)).order_by(JOBS.c.ended_at.desc())
    with store.database.read() as connection:
        return list(store.read_all(connection, query).found)


def count_unseen(store: JobStore, researcher: str) -> int:
    """How many these are in all."""
    query = select(func.count()).select_from(JOBS).where(*_is_news(researcher))
    with store.database.read() as connection:
        return int(connection.execute(query).scalar_one())


def look_at_all(store: JobStore, researcher: str) -> None:
    """Note that a researcher wants to hear of none of them any more."""
    with store.database.write() as connection:
        found = connection.execute(select(JOBS.c.id, JOBS.c.attempt).where(*_is_news(researcher))).all()
        rows = [{"researcher": researcher, "job_id": id, "attempt": attempt} for id, attempt in found]
        upsert(connection, JOB_LOOKS, rows, key=("researcher", "job_id"))


def _is_news(researcher: str) -> tuple[ColumnElement[bool], ...]:
    looked = exists().where(
        JOB_LOOKS.c.job_id == JOBS.c.id, JOB_LOOKS.c.researcher == researcher, JOB_LOOKS.c.attempt >= JOBS.c.attempt
    )
    return JOBS.c.state.in_(NEWS), ~JOBS.c.foreground, JOBS.c.ended_at > utc_now() - FORGOTTEN_AFTER, ~looked


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
