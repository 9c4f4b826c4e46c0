"""The artefacts of one host: put into the store, brought from it, and followed when they go."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection

from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.numbers import count, file_size
from bcos_core.storage.artefacts import table
from bcos_core.storage.artefacts.copies import (
    content_of,
    discard,
    hidden_beside,
    mark,
    marked,
    put_in_place,
    read_beside,
)
from bcos_core.storage.artefacts.manifest import BESIDE, LARGEST, NAME, Manifest, is_whole, manifest_of, read_manifest
from bcos_core.storage.artefacts.named import all_named, named_in, path_of
from bcos_core.storage.artefacts.objects import STORE, Objects, is_asked, open_objects
from bcos_core.storage.artefacts.table import Row
from bcos_core.storage.content import name_of
from bcos_core.storage.database import Database
from bcos_core.storage.turns import in_turn
from bcos_core.storage.types import utc_now

LOCK_SECONDS = 3600.0
"""How long a process waits for another one of its host that fetches the same."""
ABOUT_SECONDS = 10.0
SPARE = 50_000_000
"""Bytes that a disk keeps free when something is fetched."""
_CONTENT = re.compile(r"[0-9a-f]{64}")
_OBJECTS = re.compile(r"[\w-]{1,64}", re.ASCII)
_LOOKED_FOR = 3
"""Of the newest artefacts so many, in a store that is nobody's: one may be damaged."""
_LONGEST_NAME = 255  # bytes, of a file system


def shared(home: Home, database: Database) -> Shared | None:
    """What `home` shares with other hosts; None where `BCOS_STORE` names no store.

    Raises:
        InputError: its address or its options cannot be used.
    """
    return Shared(home, database, open_objects()) if is_asked() else None


@dataclass
class Put:
    """Artefacts whose objects are in the store. `record` writes their rows, in any transaction that writes; then
    `settle` does what is left: their folders are known for copies, and objects that were replaced go."""

    of: Shared
    rows: Sequence[Row] = ()
    marked: Sequence[Row] = ()
    """Those that the store had already, as they are here."""
    _replaced: list[str] = field(default_factory=list)

    def record(self, connection: Connection) -> None:
        self._replaced = table.keep(connection, self.rows)

    def settle(self) -> None:
        for row in (*self.rows, *self.marked):
            mark(self.of.home.root / row.path, row.content)
        self.of.remove_objects(self._replaced)

    def abandon(self) -> None:
        """Nothing names them: they go."""
        self.of.remove_objects([row.objects for row in self.rows])


@dataclass(frozen=True)
class Shared:
    """The home of a host, the database that it shares with others, and the objects of the store."""

    home: Home
    database: Database
    objects: Objects

    def reach(self, *, anew: bool = False) -> None:
        """See that the store can be used, and is that of this database's hosts: of an empty one that only where they
        have nothing in a store yet, or it is to be filled `anew`.

        Raises:
            StoreUnreachableError: it does not answer.
            StorageError: it is another installation's, or an empty one in the place of the one that was there, or the
                database cannot be used.
        """
        with self.database.read() as connection:
            installation = table.installation(connection)
        if installation is None:
            with self.database.write() as connection:
                installation = table.name_installation(connection)
        if anew:
            self.objects.reach(installation)
        else:
            self.objects.reach(installation, before_first=self._require_nothing_elsewhere)

    def _require_nothing_elsewhere(self) -> None:
        """
        Raises:
            StorageError: the database has artefacts, and none of the newest is in this store, which is nobody's.
        """
        with self.database.read() as connection:
            known = table.rows(connection, gone=False)
        if known and not any(self.objects.has(f"{row.objects}/{NAME}") for row in known[:_LOOKED_FOR]):
            raise StorageError(
                f"The store {self.objects.place} is empty, and the database has {count(len(known), 'artefact')} in a "
                f"store: {STORE} names another place than before, or what was there is gone. Nothing was put there. "
                f"Set {STORE} as it was, or copy everything from there first. If it is to be filled anew: `store push "
                "--again`, on every host."
            )

    # Putting

    def put(self, folders: Iterable[Path], *, naming: Any = None, again: bool = False) -> Put:
        """Put folders into the store, with what they and `naming` (plain data) name that is here and not there yet.
        Their rows are the caller's to record.

        Args:
            again: also what the store should have already.

        Raises:
            StorageError: something cannot be read, or the store cannot be written; nothing of it has a row.
        """
        own = {path for folder in folders if (path := path_of(folder, self.home)) is not None}
        beside = named_in(naming, self.home) if naming is not None else frozenset()
        put: list[Row] = []
        marked: list[Row] = []
        try:
            for path in all_named([*sorted(own), *sorted(beside - own)], self.home):
                if not is_whole(path):
                    raise StorageError(
                        f"The folder {path!r} has half of a character in its name, which no other host reads. "
                        "Rename it, then try again."
                    )
                folder, known = self.home.root / path, self.row(path)
                if not folder.is_dir() or (known is not None and path not in own):
                    continue
                manifest = manifest_of(folder)
                if known is not None and known.content == manifest.content and not again:
                    marked.append(known)
                else:
                    if not put:
                        self.reach()
                    put.append(self._upload(path, folder, manifest))
        except BaseException:
            Put(self, put).abandon()
            raise
        return Put(self, put, marked)

    def put_now(self, folders: Iterable[Path], *, again: bool = False) -> Sequence[Row]:
        """`put`, and its rows by themselves."""
        put = self.put(folders, again=again)
        self._record(put)
        return put.rows

    def _record(self, put: Put) -> None:
        if put.rows:
            try:
                with self.database.write() as connection:
                    put.record(connection)
            except BaseException:
                put.abandon()
                raise
        put.settle()

    def _upload(self, path: str, folder: Path, manifest: Manifest) -> Row:
        """The manifest comes last: without one there is nothing."""
        objects = f"{utc_now():%Y%m%d-%H%M%S}-{secrets.token_hex(8)}"
        try:
            for name, entry in manifest.files.items():
                self.objects.put(folder / name, f"{objects}/{name}", entry)
            self.objects.write(f"{objects}/{NAME}", manifest.text)
        except BaseException:
            self.remove_objects([objects])
            raise
        return table.new_row(
            path,
            content=manifest.content,
            bytes=manifest.bytes,
            files=len(manifest.files),
            objects=objects,
            about=read_beside(folder),
        )

    def say(self, folder: Path, before: str | None, after: str | None) -> bool:
        """What people say of an artefact is another now: whether it was still what it was `before`. True of what is
        shared with nobody."""
        path = path_of(folder, self.home)
        if path is None:
            return True
        with self.database.write() as connection:
            row = table.row_of(connection, path)
            if row is None or row.about == after:
                return True
            if row.about != before:
                return False
            table.say(connection, path, after)
            return True

    # Bringing

    def row(self, path: str) -> Row | None:
        """The artefact of a path, None where the store has none."""
        with self.database.read() as connection:
            return table.row_of(connection, path)

    def bring(self, folder: Path) -> bool:
        """Let the folder of an artefact, or of a file in it, be here as the store has it; whether the store has it.

        Raises:
            StorageError: it cannot be fetched; nothing of it is left.
        """
        path = path_of(folder, self.home)
        row = None if path is None else self.row(path)
        if row is not None:
            self.fetch(row)
        return row is not None

    def bring_named(self, value: Any) -> None:
        """Bring what plain data name, and what that names.

        Raises:
            StorageError: something cannot be fetched.
        """
        for path in all_named(sorted(named_in(value, self.home)), self.home):
            self.bring(self.home.root / path)

    def fetch(self, row: Row) -> None:
        """Let an artefact be here.

        Raises:
            StorageError: it cannot be fetched, and nothing of it is left; or another folder is in its place.
        """
        folder = self.folder(row)
        if not self.is_here(row):
            with self._only_one(row.path):
                if not self.is_here(row) and self._may_replace(row, folder):
                    self._fetch(row, folder)
        self._say_here(row, folder)

    def is_here(self, row: Row) -> bool:
        """Whether its folder is a copy of it."""
        try:
            return marked(self.folder(row)) == row.content
        except StorageError:  # of no folder
            return False

    def is_there(self, row: Row) -> bool:
        """Whether anything is in the place of its folder."""
        try:
            return self.folder(row).exists()
        except StorageError:  # of no folder
            return False

    def folder(self, row: Row) -> Path:
        """Where an artefact is on this host.

        Raises:
            StorageError: no host has written such a row, as a backup of somebody else's may have it: it would have
                another folder replaced or removed.
        """
        of_one = _CONTENT.fullmatch(row.content) and _OBJECTS.fullmatch(row.objects)
        if not of_one or (row.moved_to and self._at(row.moved_to) is None) or (folder := self._at(row.path)) is None:
            raise StorageError(
                f"The database has a row of the artefact {row.path[:100]!r} that no host has written. Nothing was "
                "fetched or removed. Remove that row, or restore the database from a backup of your own."
            )
        return folder

    def _at(self, path: str) -> Path | None:
        """The folder of an artefact that is called so; None where none is."""
        folder = self.home.root / path
        is_name = path_of(folder, self.home) == path and "\0" not in path
        return folder if is_name and len(os.fsencode(folder.name)) <= _LONGEST_NAME else None

    def conflict(self, row: Row) -> str:
        """In words, that a folder is in the place of an artefact which is no copy of any row and differs from it: it
        was made here, and stays. "" where there is none, or a job may be making it just now.

        Raises:
            StorageError: the folder cannot be read.
        """
        folder = self.folder(row)
        if not folder.is_dir() or marked(folder) or content_of(folder) in ("", row.content) or self._may_be_made(row):
            return ""
        return (
            f"The folder {folder} was made here and is not what the store has as {row.path}. Nothing was replaced. "
            "Move it away, or remove it if nobody needs it: the store's is brought then. Under another name beside it, "
            "`store push` puts it into the store, too."
        )

    def _may_replace(self, row: Row, folder: Path) -> bool:
        """Of a folder that is no copy of a row it is not known whose it is: what has the same content is one from now
        on; what a job may be making just now is left to it; all else is a conflict, which people solve.

        Raises:
            StorageError: there is one.
        """
        if not folder.is_dir() or marked(folder):
            return True
        content = content_of(folder)
        if content == row.content:
            mark(folder, row.content)
            return False
        if reason := self.conflict(row):
            raise StorageError(reason)
        return not content and not self._may_be_made(row)

    def _may_be_made(self, row: Row) -> bool:
        with self.database.read() as connection:
            active = table.active_jobs(connection)
        return any(id in row.path for id in active) or (row.kind == self.home.cells.name and bool(active))

    def _fetch(self, row: Row, folder: Path) -> None:
        what = f"{row.path} ({file_size(row.bytes)})"
        text = self.objects.read(f"{row.objects}/{NAME}", at_most=LARGEST)
        manifest = read_manifest(text, content=row.content, what=row.path)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder.parent).free < manifest.bytes + SPARE:
            raise StorageError(f"There is no room under {self.home.root} for {what}. Free some disk space.")
        unfinished = hidden_beside(folder, ".partial")
        try:
            unfinished.mkdir()
            for name, entry in manifest.files.items():
                target = unfinished / name
                target.parent.mkdir(parents=True, exist_ok=True)
                self.objects.get(f"{row.objects}/{name}", target, entry)
            if row.about is not None:
                (unfinished / BESIDE).write_text(row.about, encoding="utf-8")
            mark(unfinished, row.content)
            put_in_place(unfinished, folder)
        except OSError as error:
            raise StorageError(
                f"{what} cannot be written under {self.home.root} ({error.strerror}). Free some disk space."
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def _say_here(self, row: Row, folder: Path) -> None:
        """What people say of it elsewhere is what they say here."""
        if not folder.is_dir() or read_beside(folder) == row.about or not self.is_here(row):
            return
        with in_turn(self.home.locks / "about", longest_seconds=ABOUT_SECONDS), suppress(FileNotFoundError):
            now = self.row(row.path)
            if now is None:
                return
            if now.about is None:
                (folder / BESIDE).unlink(missing_ok=True)
            else:
                partial = folder / f".{BESIDE}.{secrets.token_hex(4)}.partial"
                partial.write_text(now.about, encoding="utf-8")
                partial.replace(folder / BESIDE)

    @contextmanager
    def _only_one(self, path: str) -> Iterator[None]:
        """Of the processes of this host."""
        lock = self.home.create().locks / f"artefact-{name_of(path)[:16]}.lock"
        try:
            with FileLock(lock, timeout=LOCK_SECONDS):
                yield
        except Timeout as error:
            raise StorageError(
                f"Another process here has been fetching {path} for an hour. End it, or wait."
            ) from error

    # Going

    def forget(self, connection: Connection, folders: Iterable[Path]) -> list[str]:
        """Artefacts are gone, for every host; the objects that `remove_objects` removes after the transaction."""
        paths = [path for folder in folders if (path := path_of(folder, self.home)) is not None]
        return table.forget(connection, paths)

    def forget_now(self, folders: Iterable[Path]) -> None:
        """`forget` in a transaction of its own, and the objects."""
        with self.database.write() as connection:
            left = self.forget(connection, folders)
        self.remove_objects(left)

    def move(self, moves: Iterable[tuple[Path, Path]]) -> None:
        """Folders were moved, from one place in the home to another: they are everywhere."""
        with self.database.write() as connection:
            for source, target in moves:
                old, new = path_of(source, self.home), path_of(target, self.home)
                if old is not None and new is not None:
                    table.move(connection, old, new)

    def remove_objects(self, objects: Iterable[str]) -> None:
        """What cannot be removed now is left over: no row names it, and `store check --remove` finds it."""
        for one in objects:
            with suppress(StorageError):
                self.objects.remove(one)

    def follow(self, row: Row) -> None:
        """An artefact is gone, or was moved: so is the copy of it that is here.

        Raises:
            StorageError: it cannot be.
        """
        folder = self.folder(row)
        if marked(folder) != row.content:
            return
        target = self.home.root / row.moved_to if row.moved_to else None
        try:
            if target is not None and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                folder.rename(target)
            else:
                discard(folder)
            if folder.parent.parent == self.home.trash:
                with suppress(OSError):  # the others of that time are still there
                    folder.parent.rmdir()
        except FileNotFoundError:  # another process here was quicker
            return
        except OSError as error:
            raise StorageError(
                f"{folder} is to go and cannot ({error.strerror}). Check who may write there."
            ) from error

    def note_places(self) -> Sequence[str]:
        """Where the homes of all hosts lie, this one among them from now on."""
        own = list(dict.fromkeys((str(self.home.root), str(self.home.root.resolve()))))
        with self.database.read() as connection:
            known = table.homes(connection)
        if not set(own) <= set(known):
            with self.database.write() as connection:
                table.note_home(connection, own)
        return [*known, *own]
