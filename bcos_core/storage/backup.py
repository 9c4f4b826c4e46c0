"""A copy of the database that is whole, made while others write to it, and putting it back."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Table, inspect
from sqlalchemy.exc import SQLAlchemyError

from bcos_core.errors import BcosError, InputError, StorageError
from bcos_core.home import Home
from bcos_core.storage import dumps
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.failures import place_of
from bcos_core.storage.rows import UNREADABLE
from bcos_core.storage.sqlite_file import BUSY_TIMEOUT_SECONDS, TRIGGERS, computes, keep_private, make_engine
from bcos_core.storage.transfer import refuse_foreign
from bcos_core.storage.upgrade import bring_up_to_date, is_known, upgrade


@dataclass(frozen=True)
class Backup:
    """A finished and checked copy."""

    path: Path
    bytes: int


def back_up(database: Database, path: Path, *, force: bool = False) -> Backup:
    """Copy the database into one file: an SQLite file by SQLite's own backup, a PostgreSQL database by pg_dump.

    The copy is written under another name, checked, and renamed: at `path` stands a whole copy, or what was there.

    Raises:
        InputError: `path` exists (and not `force`), is a folder or the database itself, or its folder is missing.
        StorageError: the copy cannot be written or is not whole, or pg_dump is missing.
    """
    path = path.expanduser().absolute()
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}. Make it, or choose another place for the backup.")
    if path.is_dir():
        raise InputError(f"{path} is a folder. Give the name of a file in it.")
    if database.is_sqlite and path.exists() and path.samefile(_file_of(database)):
        raise InputError(f"{path} is the database itself. Choose another file for the backup.")
    if path.exists() and not force:
        raise InputError(f"{path} exists already. Choose another name, or replace it with --force.")
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        if database.is_sqlite:
            _copy(_file_of(database), unfinished)
        else:
            os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # it has what raters answered
            dumps.dump(database.engine.url, unfinished)
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


def restore(home: Home, path: Path, tables: Sequence[Table], *, force: bool = False) -> None:
    """Put a backup in the place of the database of `home`, checked before it replaces anything; then bring it to the
    tables of this program. Nobody else may be at work on the database.

    Args:
        tables: all that this program has; a database with others is somebody else's, too.

    Raises:
        InputError: the file is no whole backup of this kind of database, a newer program made it, the database has
            rows (and not `force`), or it has another program's tables.
        StorageError: the database cannot be written; what was there is intact.
    """
    path = path.expanduser().absolute()
    if not path.is_file():
        raise InputError(f"There is no file {path}.")
    home.create()
    database = Database(open_engine(home))
    if database.is_sqlite and dumps.is_dump(path):
        raise InputError(f"{path} is a backup of PostgreSQL. Name a PostgreSQL database in BCOS_DATABASE_URL first.")
    if not database.is_sqlite and not dumps.is_dump(path):
        raise InputError(
            f"{path} is no backup of a PostgreSQL database. One of SQLite is restored without BCOS_DATABASE_URL; then "
            "`migrate --to` copies its rows."
        )
    revision = _revision_of(path) if database.is_sqlite else dumps.revision_of(database.engine.url, path)
    if not is_known(revision):
        raise InputError(f"{path} was made by a newer version of this program ({revision}). Update the program first.")
    refuse_foreign(database, tables)
    with database.read() as connection:
        present = inspect(connection).get_table_names()
        rows = any(
            connection.exec_driver_sql(f'SELECT 1 FROM "{name}" LIMIT 1').first()
            for name in present
            if name != "alembic_version"
        )
    if rows and not force:
        raise InputError(f"The database {place_of(database.engine.url)} has rows. Replace them with --force.")
    if database.is_sqlite:
        with _brought_up_to_date(path, home, tables) as copy:
            keep_private(database.engine)
            database.engine.dispose()
            _overwrite(_file_of(database), copy)
    else:
        database.engine.dispose()
        dumps.restore(database.engine.url, path, present)
    upgrade(home)


def _file_of(database: Database) -> Path:
    return Path(str(database.engine.url.database))


def _revision_of(path: Path) -> str:
    """The revision of a whole SQLite file.

    Raises:
        InputError: it is none, or not of this program.
    """
    try:
        with closing(_opened(path)) as connection:
            if computed := computes(connection):  # before anything is read that it would compute
                raise InputError(f"{path} has {computed}, which this program's backups have not. Nothing was restored.")
            problem = connection.execute("PRAGMA integrity_check").fetchone()[0]
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error as error:
        raise InputError(f"{path} is no backup of this program's database ({error}).") from error
    if problem != "ok" or found is None:
        raise InputError(f"{path} is not whole ({problem}). Take another backup.")
    return str(found[0])


@contextmanager
def _brought_up_to_date(path: Path, home: Home, tables: Sequence[Table]) -> Iterator[Path]:
    """A copy of a backup beside the database, with the tables of this program: what cannot be one replaces nothing.

    Raises:
        InputError: it cannot be brought to this version, or has other tables.
        StorageError: it cannot be written.
    """
    copy = home.root / f".restored-{secrets.token_hex(4)}.sqlite3"
    engine = make_engine(URL.create("sqlite", database=str(copy)))
    try:
        _copy(path, copy)
        database = Database(engine)
        bring_up_to_date(database, home)
        refuse_foreign(database, tables)
        _require_whole(database, tables)
        engine.dispose()
        yield copy
    except sqlite3.Error as error:
        raise StorageError(f"{path} cannot be copied to {home.root} ({error}). Free some disk space.") from error
    except (BcosError, SQLAlchemyError, *UNREADABLE) as error:
        raise InputError(
            f"{path} cannot be brought to this version ({error}). Nothing was restored: take another backup."
        ) from error
    finally:
        engine.dispose()
        for left in home.root.glob(f"{copy.name}*"):
            left.unlink(missing_ok=True)


def _require_whole(database: Database, tables: Sequence[Table]) -> None:
    """Of an SQLite file."""
    with database.read() as connection:
        triggers = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE type = 'trigger'").scalars()
        if {" ".join(str(one).split()) for one in triggers} != set(TRIGGERS):
            raise InputError("its log of who did what can be rewritten")
        inspector = inspect(connection)
        there = {name: {one["name"] for one in inspector.get_columns(name)} for name in inspector.get_table_names()}
    for table in tables:
        if there.get(table.name) != set(table.columns.keys()):
            raise InputError(f"its table {table.name} is missing or has other columns")


def _overwrite(target: Path, source: Path) -> None:
    """In one transaction of SQLite, so that whoever still reads the file sees the one or the other."""
    try:
        with (
            closing(_opened(source)) as original,
            closing(sqlite3.connect(target, timeout=BUSY_TIMEOUT_SECONDS)) as present,
        ):
            original.backup(present)
            present.execute("PRAGMA journal_mode = WAL")  # what the copy is not in
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"The database {target} cannot be replaced ({error}); it is as it was.") from error


def _opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_SECONDS)


def _copy(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # as private as the database
    # All pages in one step: one read transaction, which does not wait for writers and is not started anew by them.
    with (
        closing(_opened(source)) as original,
        closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
        problem = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if problem != "ok":
        raise StorageError(f"The copy of {source} is not whole ({problem}). Check the disk, then try again.")
    with target.open("rb") as file:
        os.fsync(file.fileno())  # it may be needed after a power cut
