"""A copy of the database that is whole, made while others write to it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import InputError, StorageError
from bcos_core.storage.database import Database
from bcos_core.storage.sqlite_file import BUSY_TIMEOUT_SECONDS


@dataclass(frozen=True)
class Backup:
    """A finished and checked copy."""

    path: Path
    bytes: int


def back_up(database: Database, path: Path, *, force: bool = False) -> Backup:
    """Copy an SQLite database into one file, by SQLite's own backup.

    The copy is written under another name, checked, and renamed: at `path` stands a whole copy, or what was there.

    Raises:
        InputError: `path` exists (and not `force`), is a folder or the database itself, or its folder is missing.
        StorageError: the database is PostgreSQL, or the copy cannot be written or is not whole.
    """
    source = _file_of(database)
    path = path.expanduser().absolute()
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}. Make it, or choose another place for the backup.")
    if path.is_dir():
        raise InputError(f"{path} is a folder. Give the name of a file in it.")
    if path.exists() and path.samefile(source):
        raise InputError(f"{path} is the database itself. Choose another file for the backup.")
    if path.exists() and not force:
        raise InputError(f"{path} exists already. Choose another name, or replace it with --force.")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        _copy(source, unfinished)
        if force:
            unfinished.replace(path)
        else:
            os.link(unfinished, path)  # unlike a rename, it never replaces what has come there in the meantime
    except FileExistsError as error:
        raise InputError(f"{path} exists already. Choose another name, or replace it with --force.") from error
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise StorageError(
            f"The backup {path} cannot be written ({reason}). Free some space or choose another place."
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return Backup(path, path.stat().st_size)


def _file_of(database: Database) -> Path:
    url = database.engine.url
    if url.get_backend_name() != "sqlite":
        raise StorageError(
            "The database is not an SQLite file. Back it up with its own program; for PostgreSQL: "
            "pg_dump --format=custom."
        )
    return Path(str(url.database))


def _copy(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # as private as the database
    # All pages in one step: one read transaction, which does not wait for writers and is not started anew by them.
    with (
        closing(sqlite3.connect(source, timeout=BUSY_TIMEOUT_SECONDS)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        problem = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if problem != "ok":
        raise StorageError(f"The copy of {source} is not whole ({problem}). Check the disk, then try again.")
    with target.open("rb") as file:
        os.fsync(file.fileno())  # it may be needed after a power cut
