"""Whose a model is: whoever asked for the job that made it."""

from __future__ import annotations

from bcos_core.errors import BcosError
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import CheckpointInfo


def owner_of_model(store: JobStore, model: CheckpointInfo) -> str:
    """The id of an account; "" where no job is known that made it: it is nobody's own then."""
    try:
        job = store.find(model.job) if model.job else None
    except BcosError:  # its row is damaged
        return ""
    return "" if job is None else job.owner
