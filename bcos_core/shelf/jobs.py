"""Deleting a job with what it made: its models leave by the door that every model leaves by."""

from __future__ import annotations

from pathlib import Path

from bcos_core.jobs.store import Job, JobStore
from bcos_core.model.info import list_checkpoints
from bcos_core.shelf.trash import PutAway, put_away
from bcos_core.shelf.uses import Uses, uses_of


def uses_of_made(job: Job, store: JobStore) -> Uses | None:
    """What hangs on the models that a job made; None if none of them is there.

    Raises:
        StorageError: the database cannot be read.
    """
    made = {Path(one).resolve() for one in store.removable(job) if store.is_model(Path(one))}
    known = list_checkpoints(store.home)
    models = [model for model in known if model.path.resolve() in made]
    return uses_of(models, known, store) if models else None


def delete_job(store: JobStore, id: str, *, artefacts: bool = False) -> PutAway | None:
    """Remove an ended job: its row, curves, log and unfinished work. With `artefacts`, also what it made: models are
    moved to the trash, the rest is gone. What was put into the trash; None if nothing was.

    Raises:
        JobError: there is no such job, or it has not ended.
        InputError: a study or a job needs one of the models.
        StorageError: a folder cannot be moved.
    """
    uses = uses_of_made(store.get(id), store) if artefacts else None
    away = put_away(uses, store) if uses is not None else None
    store.delete(id, artefacts=artefacts)
    return away
