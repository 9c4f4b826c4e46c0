"""Which names are free: no model has them, whatever its kind, and no training that waits or runs will give them."""

from __future__ import annotations

from bcos_core.jobs.store import Job, JobStore, name_reserved
from bcos_core.model.info import CheckpointInfo, list_models
from bcos_core.model.naming import folder_stem, name_key, require_free_name
from bcos_core.train.choices import Choices


def require_free(name: str, store: JobStore, *, of: CheckpointInfo | None = None, by: Job | None = None) -> None:
    """`by` is a job that may give it: the very one that is asked for.

    Raises:
        InputError: a model other than `of` is called that, or a training that is not done will call its model that.
    """
    if not name:
        return
    # Jobs first: the model of one that ends meanwhile is there when models are looked at.
    for job in store.list(active=True):
        if name_key(str(job.spec.get("name", ""))) == name_key(name) and (by is None or job.id != by.id):
            raise name_reserved(job, name)
    require_free_name(list_models(store.home), name, of=of)


def trained_folders(name: str, data: str, recipe: Choices, job: str) -> dict[str, str]:
    """The folders of the models of a training, by kind: after its `name`, or else after its `data` and recipe; a
    conventional model that has no other beside it takes the first one's."""
    stem = f"{folder_stem(name, f'{data}-{recipe.name}')}-{job}"
    return {"bcos": stem, "conventional": f"{stem}-conventional" if recipe.bcos else stem}
