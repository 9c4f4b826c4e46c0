"""What nothing uses any more, and removing it: found first, with sizes, and looked at once more before each removal.

Nothing is removed that something uses: not what a job that waits or runs has begun, no file that a job, a model, a
result, a study or a pinned screen names, nothing that is younger than it has to be. A model and a result leave by their
own doors (the trash, `jobs delete`); of these only what is left half written is removed here.
"""

from __future__ import annotations

import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Text, cast, select

from bcos_core.access.table import Action
from bcos_core.errors import CheckpointError, StorageError
from bcos_core.home import Home
from bcos_core.jobs.job import ACTIVE_STATES, JobState
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.model.embedded import LANGUAGE_MODEL, embedded_folder
from bcos_core.registry import Registry
from bcos_core.shelf.trash import remove_for_good, trashed
from bcos_core.storage.artefacts.shared import shared
from bcos_core.storage.artefacts.table import rows
from bcos_core.storage.audit import demand, permit
from bcos_core.storage.collections import COLLECTION_TEXTS
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.space import size_of
from bcos_core.storage.stored_files import forget_stored
from bcos_core.storage.types import utc_now
from bcos_core.study.schema import STUDIES

LOG = "cleaned.log"
LEFTOVER_AGE = timedelta(days=1)
"""What is half written may be somebody's who writes just now; after a day it is nobody's."""
LARGEST_NAMING_FILE = 16_000_000
"""Bytes of a JSON file that is read to find out which uploads it names; one that is larger names all of them."""
_UPLOAD = re.compile(r"(?=([0-9a-f]{16}))")
"""The folder of an upload, wherever it stands: in an address it may follow other digits."""
_TEXT = re.compile(r"(?=([0-9a-f]{32}))")
"""The name of a text that was too long for an address, likewise."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Removable:
    """One thing that can go: what kind of thing it is, where, how large, why nothing uses it, and since when."""

    kind: str
    path: Path
    bytes: int
    why: str
    since: datetime


@dataclass(frozen=True)
class Kind:
    """A kind of thing that can go. `find` lists those that nothing uses and that are older than `older`; it is asked
    inside a transaction in which nobody else writes when one is about to be removed. `days` is the usual age."""

    name: str
    title: str
    days: float
    find: Callable[[JobStore, Connection, timedelta], Iterator[Removable]]
    asked: bool = False
    """Only where a person names it: what goes takes long to make again, or is missed."""


KINDS: Registry[Kind] = Registry("kind of thing to clean")


def find(
    store: JobStore, *, kinds: Sequence[str] | None = None, older_than: timedelta | None = None
) -> list[Removable]:
    """What can go, the largest first: of the named kinds, or of all that need not be named.

    Raises:
        UnknownNameError: there is no such kind.
        StorageError: the database cannot be read.
    """
    with store.database.read() as connection:
        found = [
            one
            for kind in _chosen(kinds)
            for one in kind.find(store, connection, timedelta(days=kind.days) if older_than is None else older_than)
        ]
    return sorted(found, key=lambda one: -one.bytes)


def remove(store: JobStore, found: Sequence[Removable], *, older_than: timedelta | None = None) -> list[Removable]:
    """Remove what `find` has found, as far as it can still go; what was removed. Each is written to `cleaned.log`.

    Raises:
        StorageError: the database or a folder cannot be written.
    """
    full = _permit(store)
    gone = []
    for one in found:
        aside: Path | None = None
        if one.kind == TRASH:
            remove_for_good(store, one.path.name)
        else:
            kind = KINDS[one.kind]
            with store.database.write() as connection:  # nobody begins to use it meanwhile
                age = timedelta(days=kind.days) if older_than is None else older_than
                if one.path not in {still.path for still in kind.find(store, connection, age)}:
                    continue
                of = shared(store.home, store.database)
                objects = of.forget(connection, [one.path]) if of is not None else []
                forget_stored(connection, store.home, one.path)
                aside = _set_aside(one.path)
            _discard(aside)
            if of is not None:
                of.remove_objects(objects)
        if full is not None:  # there is room now
            permit(store.database, Action.EMPTY_TRASH, "clean-up")
            full = None
        _note(store.home, one)
        gone.append(one)
    if full is not None and found:
        raise full
    return gone


def _permit(store: JobStore) -> StorageError | None:
    """The log has it before anything is removed. Where it takes no row, as on a full disk, which is what this mends,
    the error: then it has it as soon as there is room.

    Raises:
        NotAllowedError: the actor may not remove anything.
    """
    try:
        permit(store.database, Action.EMPTY_TRASH, "clean-up")
    except StorageError as error:
        demand(store.database, Action.EMPTY_TRASH, "clean-up")
        return error
    return None


def _chosen(kinds: Sequence[str] | None) -> list[Kind]:
    return [kind for kind in KINDS.values() if not kind.asked] if kinds is None else [KINDS[name] for name in kinds]


# What there is


def _work(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    """Of a job that succeeded nothing goes on."""
    for id, ended in _ended(connection, (JobState.SUCCEEDED,)):
        yield from _one(WORK, store.home.jobs / id / "work", f"The job {id} is done.", ended, older)


def _unfinished(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    for id, ended in _ended(connection, (JobState.FAILED, JobState.CANCELLED)):
        why = f"The job {id} has ended before its work was done; it can then be retried, and not resumed."
        yield from _one(UNFINISHED, store.home.jobs / id / "work", why, ended, older)


def _logs(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    for id, ended in _ended(connection, (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)):
        yield from _one(LOGS, store.home.jobs / id / "job.log", f"The log of the job {id}.", ended, older)
    for path in sorted(store.home.root.glob("*.log.*")):
        yield from _one(LOGS, path, "A log that another has followed.", _touched(path), older)


def _jobless(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    """Folders of jobs that are in no database, and what was put aside to be removed."""
    if not _has_jobs(connection):
        return
    known = set(connection.execute(select(JOBS.c.id)).scalars())
    for path in _folders(store.home.jobs):
        if path.name not in known:
            yield from _one(JOBLESS, path, "No job has this folder.", _touched(path), max(older, LEFTOVER_AGE))


def _half_written(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    if connection.execute(select(JOBS.c.id).where(JOBS.c.state == JobState.RUNNING)).first() is not None:
        return  # it may be writing
    home = store.home
    for parent in (*home.made, home.cells, home.uploads, home.embedded):
        for path in _folders(parent):
            if path.name.startswith("."):
                why = "A process has ended while it wrote this."
                yield from _one(HALF_WRITTEN, path, why, _touched(path), max(older, LEFTOVER_AGE))


def _uploads(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    folders = [path for path in _folders(store.home.uploads) if len(path.name) == 16 and _UPLOAD.match(path.name)]
    if not folders or not _has_jobs(connection):
        return
    named = _named(_UPLOAD, store.home, connection)
    for path in folders:
        if named is not None and path.name not in named:
            why = "No job, model, result, study or pinned screen names this file."
            yield from _one(UPLOADS, path, why, _touched(path), older)


def _texts(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    """Of links that people keep elsewhere nothing is known here: these go by their age."""
    files = sorted(store.home.texts.glob("*"))
    if not files or not _has_jobs(connection):
        return
    named = _named(_TEXT, store.home, connection)
    for path in files:
        if named is not None and path.stem not in named:
            yield from _one(TEXTS, path, "No pinned screen names this text.", _touched(path), max(older, LEFTOVER_AGE))


def _embedded(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    """Models of packages, which are made again where they are missing; where no job waits or runs that may read one."""
    busy = connection.execute(select(JOBS.c.id).where(JOBS.c.state.in_(ACTIVE_STATES))).first() is not None
    try:
        present = embedded_folder(LANGUAGE_MODEL).name
    except CheckpointError:
        present = ""
    for path in _folders(store.home.embedded):
        if not path.name.startswith(".") and not busy:
            why = "Made again when it is used." if path.name == present else "Of another version of its package."
            yield from _one(EMBEDDED, path, why, _touched(path), older)


def _trash(store: JobStore, connection: Connection, older: timedelta) -> Iterator[Removable]:
    for away in trashed(store.home):
        names = ", ".join(model.name for model in away.models) or "nothing that can be read"
        yield from _one(TRASH, store.home.trash / away.id, f"Put away: {names}.", away.at, older)


WORK, UNFINISHED, LOGS, JOBLESS = "work", "unfinished", "logs", "jobless"
HALF_WRITTEN, UPLOADS, TEXTS, EMBEDDED, TRASH = "half-written", "uploads", "texts", "embedded", "trash"
for _kind in (
    Kind(WORK, "Work of jobs that are done", 0, _work),
    Kind(JOBLESS, "Folders of jobs that are no more", 1, _jobless),
    Kind(HALF_WRITTEN, "Half written, by processes that are no more", 1, _half_written),
    Kind(UPLOADS, "Uploads that nothing names", 30, _uploads),
    Kind(TEXTS, "Long texts that were typed on a page", 90, _texts),
    Kind(LOGS, "Logs of jobs that ended long ago", 90, _logs),
    Kind(UNFINISHED, "Checkpoints of unfinished work", 30, _unfinished, asked=True),
    Kind(TRASH, "Trash", 30, _trash, asked=True),
    Kind(EMBEDDED, "Models that can be made again", 30, _embedded, asked=True),
):
    KINDS.register(_kind.name, _kind)


# How it is found out


def _ended(connection: Connection, states: Sequence[JobState]) -> list[tuple[str, datetime]]:
    query = select(JOBS.c.id, JOBS.c.ended_at).where(JOBS.c.state.in_(states), JOBS.c.ended_at.is_not(None))
    return [(str(id), ended) for id, ended in connection.execute(query)]


def _has_jobs(connection: Connection) -> bool:
    """A database without any may be another one than that of these folders, by a setting that is wrong."""
    return connection.execute(select(JOBS.c.id).limit(1)).first() is not None


def _one(kind: str, path: Path, why: str, since: datetime, older: timedelta) -> Iterator[Removable]:
    if utc_now() - since < older or path.is_symlink() or not path.exists():
        return
    if size := size_of(path):  # an empty folder is nothing to gain
        yield Removable(kind, path, size, why, since)


def _folders(parent: Path) -> list[Path]:
    try:
        return sorted(path for path in parent.iterdir() if path.is_dir() and not path.is_symlink())
    except OSError:
        return []


def _touched(path: Path) -> datetime:
    """The last time that something in it was written."""
    times = [path.lstat().st_mtime]
    for folder, _, files in os.walk(path):
        for name in files:
            try:
                times.append(Path(folder, name).lstat().st_mtime)
            except OSError:
                continue
    return datetime.fromtimestamp(max(times), UTC)


def _named(pattern: re.Pattern[str], home: Home, connection: Connection) -> set[str] | None:
    """The names of uploads or texts that stand in any row or file that could mean them; None where one cannot be read:
    then all of them may be meant. A name that stands there by chance keeps a file, and nothing more."""
    of = shared(home, Database(open_engine(home)))
    if of is not None and any(not of.is_here(row) for row in rows(connection, gone=False)):
        return None  # what other hosts have made, and is not here, may name any of them
    texts: list[str] = []
    for table, columns in (
        (JOBS, (JOBS.c.spec, JOBS.c.result, JOBS.c.artefacts)),
        (STUDIES, tuple(column for column in STUDIES.c if column.name not in ("id", "title", "status"))),
        (COLLECTION_TEXTS, (COLLECTION_TEXTS.c.screen,)),
    ):
        for row in connection.execute(select(*(cast(column, Text) for column in columns)).select_from(table)):
            texts += [str(value) for value in row if value is not None]
    for parent in (*home.made, home.cells, home.trash, home.jobs):
        for path in parent.rglob("*.json"):
            try:
                if path.stat().st_size > LARGEST_NAMING_FILE:
                    return None
                texts.append(path.read_text(encoding="utf-8", errors="replace"))
            except OSError:
                return None
    return {name for text in texts for name in pattern.findall(text)}


def _set_aside(path: Path) -> Path:
    aside = path.with_name(f".{path.name.lstrip('.')}-{secrets.token_hex(4)}")
    try:
        return path.rename(aside)
    except OSError as error:
        raise StorageError(f"Cannot remove {path} ({error.strerror}). Check who may write to its folder.") from error


def _discard(path: Path) -> None:
    try:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    except OSError as error:
        raise StorageError(f"Cannot remove all of {path} ({error.strerror}). Remove it by hand.") from error


def _note(home: Home, one: Removable) -> None:
    logger.info("Removed %s: %s (%d bytes). %s", one.kind, one.path, one.bytes, one.why)
    line = {"at": utc_now().isoformat(), "process": os.getpid(), **{k: str(v) for k, v in asdict(one).items()}}
    with (home.root / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
