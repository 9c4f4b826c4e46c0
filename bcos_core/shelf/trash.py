"""Models that were put away: they can be taken back until the trash is emptied.

A model is a folder that is renamed, so that putting it away and taking it back are done at once, or not at all.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from bcos_core.access.table import Action
from bcos_core.errors import BcosError, InputError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.model.info import CheckpointInfo, list_models, read_any_info
from bcos_core.model.naming import name_of_twin
from bcos_core.shelf.owners import owner_of_model
from bcos_core.shelf.said import say_everywhere
from bcos_core.shelf.uses import Uses, remembered_of
from bcos_core.storage.artefacts.shared import Shared, shared
from bcos_core.storage.audit import demand, permit
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.listing import Listing, list_folders
from bcos_core.storage.types import utc_now

_ID = re.compile(r"(\d{8}-\d{6})-[0-9a-f]{4}")
_MOMENT = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class PutAway:
    """Models that were put away together; `id` is their folder's name in the trash."""

    id: str
    at: datetime
    models: tuple[CheckpointInfo, ...]


def put_away(uses: Uses, store: JobStore, *, with_results: bool = False) -> PutAway:
    """Move models to the trash. `with_results` also deletes the jobs that have measured them, with their evaluations:
    these cannot be taken back.

    Raises:
        InputError: a study or a job needs them.
        NotAllowedError: one of them, or a result that is to go, is not the store's actor's to delete.
        StorageError: a folder cannot be moved.
    """
    if uses.refusals:
        raise InputError(" ".join(uses.refusals))
    for job in uses.results if with_results else ():
        demand(store.database, Action.DELETE_JOB, job.id, owner=job.owner)
    _permit_each(store, Action.DELETE_MODEL, [(model.path.name, owner_of_model(store, model)) for model in uses.models])
    now = utc_now()
    folder = store.home.trash / f"{now:{_MOMENT}}-{secrets.token_hex(2)}"
    _name_twins(uses, store.home)
    _move([(model.path, folder / model.path.name) for model in uses.models], shared(store.home, store.database))
    if with_results:
        for job in uses.results:
            store.delete(job.id, artefacts=True)
    return PutAway(folder.name, now, uses.models)


def _name_twins(uses: Uses, home: Home) -> None:
    """A conventional twin that stays alone, and goes by the name of its B-cos model, keeps that as its own."""
    for twin in uses.twins:
        own = next((model.about.name for model in uses.models if model.path.name == twin.twin), "")
        if own and not twin.about.name and twin.b is None:
            after = replace(twin.about, name=name_of_twin(own))
            say_everywhere(twin.path, twin.about, after, home)


def trashed(home: Home) -> Listing[PutAway]:
    """What lies in the trash, the newest first."""
    listing = list_folders(home.trash, _put_away)
    return Listing(tuple(sorted(listing.found, key=lambda one: one.id, reverse=True)), listing.left_out)


def take_back(store: JobStore, id: str) -> tuple[Path, ...]:
    """Move the models of one time back to where they were.

    Raises:
        InputError: there is no such time, or a folder of the same name has come since.
        NotAllowedError: one of them is not the store's actor's to take back.
        StorageError: a folder cannot be moved.
    """
    source = _folder(store.home, id)
    moves = [(folder, store.home.models / folder.name) for folder in _folders(source)]
    of = shared(store.home, store.database)
    for _, target in moves:
        if target.exists() or (of is not None and of.bring(target)):
            raise InputError(f"There is another model in {target} by now. Move that one away, then take this one back.")
    _permit_each(store, Action.RESTORE_MODEL, owners_in(store, id))
    _move(moves, of)
    source.rmdir()
    return tuple(target for _, target in moves)


def owners_in(store: JobStore, id: str) -> list[tuple[str, str]]:
    """Each folder that one time in the trash would bring back, and whose it is: "", an admin's, of one that cannot be
    read, and where there is none.

    Raises:
        InputError: there is no such time.
    """
    folder = _folder(store.home, id)
    return [(one.name, _owner_of(store, one)) for one in _folders(folder)] or [(id, "")]


def _owner_of(store: JobStore, folder: Path) -> str:
    try:
        return owner_of_model(store, read_any_info(folder))
    except (BcosError, OSError):
        return ""


def _folders(source: Path) -> list[Path]:
    """All that are moved, read or not."""
    return [folder for folder in sorted(source.iterdir()) if folder.is_dir()]


def remove_for_good(store: JobStore, id: str) -> int:
    """Remove the models of one time, and what is remembered of them; how many remembered values that were.

    Raises:
        InputError: there is no such time.
        NotAllowedError: the store's actor may not empty the trash.
        StorageError: they cannot all be removed.
    """
    permit(store.database, Action.EMPTY_TRASH, id)
    folder = _folder(store.home, id)
    kept = _subjects([*list_models(store.home), *_others(store.home, id)], store)
    gone = _subjects(_put_away(folder).models, store) - kept  # a copy of a model has the same answers
    evidence = EvidenceStore(store.database)
    number = evidence.count(gone)
    if (of := shared(store.home, store.database)) is not None:  # everywhere
        of.forget_now([path for path in folder.iterdir() if path.is_dir()])
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(f"Cannot remove all of {folder} ({error.strerror}). Remove it by hand.") from error
    evidence.forget(gone)
    return number


def _permit_each(store: JobStore, action: Action, owners: Sequence[tuple[str, str]]) -> None:
    """All of them, by name and owner, are allowed before the first is touched."""
    for ask in (demand, permit):
        for name, owner in owners:
            ask(store.database, action, name, owner=owner)


def _subjects(models: Sequence[CheckpointInfo], store: JobStore) -> frozenset[str]:
    jobs, shelf = store.list().found, store.home.models
    return frozenset().union(*(remembered_of(model, shelf / model.path.name, jobs) for model in models))


def _others(home: Home, id: str) -> list[CheckpointInfo]:
    return [model for one in trashed(home) if one.id != id for model in one.models]


def _put_away(folder: Path) -> PutAway:
    """
    Raises:
        InputError: it is no folder of the trash.
    """
    match = _ID.fullmatch(folder.name)
    if match is None:
        raise InputError("It was not put here by this program.")
    at = datetime.strptime(match[1], _MOMENT).replace(tzinfo=UTC)
    return PutAway(folder.name, at, tuple(list_folders(folder, read_any_info).found))


def _folder(home: Home, id: str) -> Path:
    folder = home.trash / id
    if not _ID.fullmatch(id) or not folder.is_dir():
        raise InputError(f"There is nothing in the trash under {id[:80]!r}. `models trash` lists what there is.")
    return folder


def _move(moves: Sequence[tuple[Path, Path]], of: Shared | None) -> None:
    """All of them, or none; on every host that shares them."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append((source, target))
        if of is not None:
            of.move(moves)
    except (OSError, StorageError) as error:
        for source, target in reversed(done):
            target.rename(source)
        if isinstance(error, StorageError):
            raise
        place = moves[len(done)][0]
        raise StorageError(f"Cannot move {place} ({error.strerror}). Check who may write there.") from error
