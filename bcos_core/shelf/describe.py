"""What people say of a model (name, tags, notes), changed by those who may."""

from __future__ import annotations

from pathlib import Path

from bcos_core.access.table import Action
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import About
from bcos_core.shelf.said import say_everywhere
from bcos_core.storage.audit import permit


def describe(store: JobStore, folder: Path, before: About, after: About) -> About:
    """As `say_everywhere`, in the name of the store's actor.

    Raises:
        NotAllowedError: the actor may not do it.
        InputError, StorageError: as there.
    """
    permit(store.database, Action.EDIT_MODEL, folder.name)
    return say_everywhere(folder, before, after, store.home)
