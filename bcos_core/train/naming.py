"""Which names a training may still give: no model has it, and no training that waits or runs will."""

from __future__ import annotations

from bcos_core.errors import InputError
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import clean
from bcos_core.model.info import list_checkpoints
from bcos_core.model.naming import folder_stem, require_free_name
from bcos_core.train.choices import Choices


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


def trained_folders(name: str, data: str, recipe: Choices, job: str) -> dict[str, str]:
    """The folders of the models of a training, by kind: after its `name`, or else after its `data` and recipe; a
    conventional model that has no other beside it takes the first one's."""
    stem = f"{folder_stem(name, f'{data}-{recipe.name}')}-{job}"
    return {"bcos": stem, "conventional": f"{stem}-conventional" if recipe.bcos else stem}
