"""Titles of jobs say what models are called: they are written anew when a model gets another name."""

from __future__ import annotations

from bcos_core.errors import BcosError
from bcos_core.jobs.kinds import NAMES, kind_of
from bcos_core.jobs.store import Job, JobStore


def write_titles_anew(store: JobStore) -> int:
    """Call every job after what its models are called now; how many titles have changed. A job whose models are not all
    there keeps its title.

    Raises:
        StorageError: the database cannot be written.
    """
    changed = {job.id: title for job in store.list() if (title := _title(job)) != job.title}
    store.retitle(changed)
    return len(changed)


def _title(job: Job) -> str:
    if job.kind not in NAMES:
        return job.title
    kind = kind_of(job.kind)
    try:
        return kind.describe(kind.called_now(kind.read(job.spec), job.result or {}))
    except BcosError:
        return job.title
