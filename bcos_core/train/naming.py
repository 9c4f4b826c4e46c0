"""Which names a training may still give: no model has it, and no training that waits or runs will."""

from __future__ import annotations

from bcos_core.errors import InputError
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import clean
from bcos_core.model.info import list_checkpoints
from bcos_core.model.naming import require_free_name


def require_free_for_training(name: str, store: JobStore) -> None:
    """
    Raises:
        InputError: a model is called that, or a training that is not done will call its model that.
    """
    if not name:
        return
    require_free_name(list_checkpoints(store.home), name)
    for job in store.list(active=True):
        if clean(str(job.spec.get("name", ""))).casefold() == clean(name).casefold():
            raise InputError(f"The job {job.id} ({job.state}) will call its model {name!r} too. Choose another name.")
