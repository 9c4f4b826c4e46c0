"""The store of artefacts (`bcos_core.storage.artefacts`) as an operator asks about it: is all of it there and whole,
what is only here, what is not here yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bcos_core.errors import InputError, StorageError, StoreUnreachableError
from bcos_core.jobs.store import JobStore
from bcos_core.numbers import count, file_size
from bcos_core.operations.system import Fact
from bcos_core.storage.artefacts import table
from bcos_core.storage.artefacts.copies import STORED
from bcos_core.storage.artefacts.manifest import LARGEST, NAME, Manifest, manifest_of, read_manifest
from bcos_core.storage.artefacts.mirror import missing
from bcos_core.storage.artefacts.named import path_of
from bcos_core.storage.artefacts.objects import PROBE, STORE
from bcos_core.storage.artefacts.shared import Shared, shared
from bcos_core.storage.artefacts.table import Row

LEFT_OVER_AGE = timedelta(days=1)
"""What no row names may be on its way; after a day it is nobody's."""
_MOMENT = "%Y%m%d-%H%M%S"


@dataclass(frozen=True)
class Failed:
    """An artefact, and why something could not be done with it, or what is wrong with it."""

    path: str
    reason: str


@dataclass(frozen=True)
class Found:
    """What a check has found. `wrong` is not in the store as its row says, `differs` not on this host as its copy was,
    or a folder that was made here is in its place; `not_here` and `only_here` are no faults; `left_over` are objects
    that no row names, by their folder, in bytes."""

    place: str
    artefacts: int
    bytes: int
    wrong: tuple[Failed, ...] = ()
    differs: tuple[Failed, ...] = ()
    not_here: tuple[str, ...] = ()
    only_here: tuple[str, ...] = ()
    left_over: dict[str, int] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return not self.wrong and not self.differs


def the_store(store: JobStore) -> Shared:
    """
    Raises:
        InputError: `BCOS_STORE` names none, or what cannot be one.
    """
    of = shared(store.home, store.database)
    if of is None:
        raise InputError(f"There is no store of artefacts. Set {STORE} to its address (README, “Several machines”).")
    return of


def check(of: Shared, *, read: bool = False) -> Found:
    """Compare the store, and what of it is here, with the database: manifests by their hashes, objects by their sizes
    or, to `read` them, by theirs, folders here by the hashes of their files.

    Raises:
        StoreUnreachableError: the store does not answer.
        StorageError: the database cannot be read, or the store is another installation's.
    """
    of.reach()
    with of.database.read() as connection:
        rows = table.rows(connection, gone=False)
    sizes = of.objects.sizes()
    wrong, differs = [], []
    for row in rows:
        try:
            _require_whole(of, row, sizes, read=read)
        except StoreUnreachableError:
            raise
        except StorageError as error:
            wrong.append(Failed(row.path, str(error)))
        if reason := _differs(of, row):
            differs.append(Failed(row.path, reason))
    named = {row.objects for row in rows}
    left: dict[str, int] = {}
    for name, size in sizes.items():
        folder = name.partition("/")[0]
        if folder not in named and name != PROBE:
            left[folder] = left.get(folder, 0) + size
    return Found(
        of.objects.place,
        len(rows),
        sum(row.bytes for row in rows),
        tuple(wrong),
        tuple(differs),
        tuple(row.path for row in rows if not of.is_here(row)),
        tuple(path_of(folder, of.home) or "" for folder in only_here(of)),
        left,
    )


def remove_left_over(of: Shared, found: Found, *, older_than: timedelta = LEFT_OVER_AGE) -> dict[str, int]:
    """Remove objects that no row names and that are old enough; which those were, in bytes.

    Raises:
        StoreUnreachableError: they cannot be removed.
    """
    gone = {}
    for folder, size in found.left_over.items():
        try:
            put_at = datetime.strptime(folder[:15], _MOMENT).replace(tzinfo=UTC)
        except ValueError:  # nothing of this program
            continue
        if datetime.now(UTC) - put_at >= older_than:
            of.objects.remove(folder)
            gone[folder] = size
    return gone


def push(of: Shared, *, again: bool = False) -> tuple[Sequence[Row], Sequence[Failed]]:
    """Put what is here and not in the store; with `again` also what the store should have and has not whole. What was
    put, and what could not be.

    Raises:
        StoreUnreachableError: the store does not answer.
        StorageError: it is another installation's, or empty, and what was put before is in another; `again` fills it.
    """
    of.reach(anew=again)
    folders = list(only_here(of))
    damaged = {of.home.root / one.path for one in check(of, read=True).wrong} if again else set()
    put: list[Row] = []
    failed = []
    for folder in (*folders, *sorted(damaged)):
        try:
            if folder.is_dir():
                if folder in damaged:
                    _require_as_it_was(of, folder)
                put += of.put_now([folder], again=again)
        except StoreUnreachableError:
            raise
        except StorageError as error:
            failed.append(Failed(path_of(folder, of.home) or folder.name, str(error)))
    return put, failed


def _require_as_it_was(of: Shared, folder: Path) -> None:
    """
    Raises:
        StorageError: the folder is not what its row says: put, it would be what every host brings.
    """
    path = path_of(folder, of.home)
    row = None if path is None else of.row(path)
    if row is not None and manifest_of(folder).content != row.content:
        raise StorageError(
            "It is damaged in the store, and its files here are not what was put there. Nothing was put. `store push "
            "--again` on a host that has it as it was mends it; where there is none, put a backup of the folder here "
            "first, or delete it and make it again."
        )


def pull(of: Shared) -> tuple[Sequence[Row], Sequence[Failed]]:
    """Bring what is in the store and not here; what was brought, and what could not be.

    Raises:
        StoreUnreachableError: the store does not answer.
        StorageError: it is another installation's.
    """
    of.reach()
    brought, failed = [], []
    for row in missing(of):
        try:
            of.fetch(row)
        except StoreUnreachableError:
            raise
        except StorageError as error:
            failed.append(Failed(row.path, str(error)))
            continue
        if of.is_here(row):
            brought.append(row)
        else:
            failed.append(Failed(row.path, "Another folder is in its place, which a job may be making."))
    return brought, failed


def only_here(of: Shared) -> Iterator[Path]:
    """Folders that could be shared and of which no row is: made before there was a store. What jobs are making is none
    of them."""
    with of.database.read() as connection:
        known = {row.path for row in table.rows(connection, gone=False)}
        active = table.active_jobs(connection)
    for parent in of.home.shared:
        for folder in sorted(parent.glob("*/*" if parent == of.home.trash else "*")):
            path = path_of(folder, of.home)
            if path is None or path in known or not folder.is_dir() or any(id in path for id in active):
                continue
            if not (folder / STORED).exists() and any(folder.iterdir()):  # a copy of what is gone goes, too
                yield folder


def store_facts(store: JobStore) -> list[Fact]:
    """The one line of the store: where it is, whether it answers, how much is in it; none where there is none.

    Raises:
        InputError: its address or options cannot be used.
        StorageError: the database cannot be read.
    """
    of = shared(store.home, store.database)
    if of is None:
        return []
    try:
        of.reach()
        answers = "answers"
    except StorageError as error:
        answers = str(error)
    with store.database.read() as connection:
        artefacts, files, size = table.totals(connection)
    held = f"{count(artefacts, 'artefact')}, {count(files, 'object')}, {file_size(size)}"
    return [Fact("Store of artefacts", f"{of.objects.place}: {answers}; {held}")]


def _require_whole(of: Shared, row: Row, sizes: dict[str, int], *, read: bool) -> None:
    text = of.objects.read(f"{row.objects}/{NAME}", at_most=LARGEST)
    manifest = read_manifest(text, content=row.content, what=row.path)
    for name, entry in manifest.files.items():
        if sizes.get(f"{row.objects}/{name}", 0) != entry.bytes:
            raise StorageError(f"Its object {name} is missing, or was cut.")
    if read:
        _require_read(of, row, manifest)


def _require_read(of: Shared, row: Row, manifest: Manifest) -> None:
    for name, entry in manifest.files.items():
        content = of.objects.digest(f"{row.objects}/{name}")
        if content != entry.sha256:
            raise StorageError(f"Its object {name} was changed.")


def _differs(of: Shared, row: Row) -> str:
    try:
        if not of.is_here(row):
            return of.conflict(row)
        same = manifest_of(of.folder(row)).content == row.content
    except StorageError as error:
        return str(error)
    return "" if same else "Its files here were changed. Remove the folder: it is brought again."
