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

from bcos_core.errors import InputError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.store import JobStore
from bcos_core.model.about import change_about
from bcos_core.model.info import CheckpointInfo, list_models, read_any_info
from bcos_core.model.naming import name_of_twin
from bcos_core.shelf.uses import Uses, remembered_of
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
        StorageError: a folder cannot be moved.
    """
    if uses.refusals:
        raise InputError(" ".join(uses.refusals))
    now = utc_now()
    folder = store.home.trash / f"{now:{_MOMENT}}-{secrets.token_hex(2)}"
    _name_twins(uses, store.home)
    _move([(model.path, folder / model.path.name) for model in uses.models])
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
            change_about(twin.path, twin.about, after, locks=home.create().locks)


def trashed(home: Home) -> Listing[PutAway]:
    """What lies in the trash, the newest first."""
    listing = list_folders(home.trash, _put_away)
    return Listing(tuple(sorted(listing.found, key=lambda one: one.id, reverse=True)), listing.left_out)


def take_back(home: Home, id: str) -> tuple[Path, ...]:
    """Move the models of one time back to where they were.

    Raises:
        InputError: there is no such time, or a folder of the same name has come since.
        StorageError: a folder cannot be moved.
    """
    source = _folder(home, id)
    moves = [(folder, home.models / folder.name) for folder in sorted(source.iterdir()) if folder.is_dir()]
    for _, target in moves:
        if target.exists():
            raise InputError(f"There is another model in {target} by now. Move that one away, then take this one back.")
    _move(moves)
    source.rmdir()
    return tuple(target for _, target in moves)


def remove_for_good(store: JobStore, id: str) -> int:
    """Remove the models of one time, and what is remembered of them; how many remembered values that were.

    Raises:
        InputError: there is no such time.
        StorageError: they cannot all be removed.
    """
    folder = _folder(store.home, id)
    kept = _subjects([*list_models(store.home), *_others(store.home, id)], store)
    gone = _subjects(_put_away(folder).models, store) - kept  # a copy of a model has the same answers
    evidence = EvidenceStore(store.database)
    number = evidence.count(gone)
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(f"Cannot remove all of {folder} ({error.strerror}). Remove it by hand.") from error
    evidence.forget(gone)
    return number


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


def _move(moves: Sequence[tuple[Path, Path]]) -> None:
    """All of them, or none."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            done.append((source, target))
    except OSError as error:
        for source, target in reversed(done):
            target.rename(source)
        place = moves[len(done)][0]
        raise StorageError(f"Cannot move {place} ({error.strerror}). Check who may write there.") from error
