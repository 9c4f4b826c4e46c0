"""Connections to the one database: SQLite under BCOS_HOME, or what `BCOS_DATABASE_URL` names."""

from __future__ import annotations

import functools
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.storage.turns import in_turn

BUSY_TIMEOUT_SECONDS = 30.0
_READ_ONLY = "bcos_read_only"


@dataclass(frozen=True)
class Database:
    """One engine. Safe to share between threads; other processes open their own."""

    engine: Engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view, and it never waits for a writer.

        Raises:
            StorageError: the database cannot be read.
        """
        with explained(self.engine), self.engine.connect() as connection:
            yield connection.execution_options(**{_READ_ONLY: True})

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end, rolled back by an exception.

        Raises:
            StorageError: the database cannot be written.
        """
        with explained(self.engine), self._in_turn(), self.engine.begin() as connection:
            yield connection

    def _in_turn(self) -> AbstractContextManager[None]:
        url = self.engine.url
        if url.get_backend_name() != "sqlite" or not url.database:
            return nullcontext()
        return in_turn(Path(f"{url.database}-turn"), longest_seconds=BUSY_TIMEOUT_SECONDS)


def open_engine(home: Home) -> Engine:
    """The engine for `home`, made once per process.

    Raises:
        StorageError: `BCOS_DATABASE_URL` cannot be used.
    """
    configured = os.environ.get("BCOS_DATABASE_URL", "").strip()
    try:
        # Not a string: a path may have characters that mean something in a URL.
        return _engine(make_url(configured) if configured else URL.create("sqlite", database=str(home.database)))
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise StorageError(
            f"BCOS_DATABASE_URL cannot be used ({error}). "
            "Unset it for the SQLite file under BCOS_HOME, or install the driver that it names."
        ) from error


def keep_private(engine: Engine) -> None:
    """Let only its owner read an SQLite file: it holds what raters answered. SQLite gives its helpers the same mode.

    A file that its owner lets a group write is shared on purpose, and stays so.

    The database's own file is never opened here: closing it would take away the locks that SQLite has on it in this
    process. A new one gets its name when it is closed.
    """
    if engine.url.get_backend_name() != "sqlite" or not engine.url.database:
        return
    path = Path(engine.url.database)
    with suppress(OSError):  # using it will fail as well, and say why
        if not path.exists():
            unnamed = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            os.close(os.open(unnamed, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            try:
                with suppress(FileExistsError):  # another one was quicker
                    os.link(unnamed, path)
            finally:
                unnamed.unlink()
        for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            if file.exists() and file.stat().st_mode & 0o077 and not file.stat().st_mode & 0o020:
                file.chmod(0o600)


@functools.cache
def _engine(url: URL) -> Engine:
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS} if is_sqlite else {})
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin_sqlite does
    connection.execute("PRAGMA foreign_keys = ON")
    # Under WAL this still survives any killed process; only a power cut can take the last transactions.
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin_sqlite(connection: Connection) -> None:
    # A plain BEGIN takes the write lock at the first write, too late: if another process has written since
    # the first read, SQLite fails at once, without waiting. IMMEDIATE takes it here, and waits for it.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Failures of the database as a `StorageError` that says what to do.

    A broken constraint passes as it is: it is an answer, and the caller knows what it means.
    """
    try:
        yield
    except IntegrityError:
        raise
    except (DBAPIError, sqlite3.Error) as error:  # the second: from what runs without SQLAlchemy, between transactions
        reason = str(error.orig if isinstance(error, DBAPIError) else error)
        place = engine.url.database if engine.url.get_backend_name() == "sqlite" else engine.url.render_as_string()
        raise StorageError(f"The database {place} cannot be used ({reason}). {_remedy(reason)}") from error


def _remedy(reason: str) -> str:
    remedies = {
        "full": "Free some space on that disk, then try again; what was stored before is intact.",
        "disk I/O": "Free some space on that disk, or check that it is in order, then try again.",
        "readonly": "Make the folder and the files in it writable, or set BCOS_HOME to another folder.",
        "unable to open": "Make the folder writable, or set BCOS_HOME to another folder.",
        "locked": "Another program holds it for too long: close that one, then try again.",
        "not a database": "Move the file away, or set BCOS_HOME to another folder.",
        "malformed": "Move the file away, or set BCOS_HOME to another folder.",
    }
    return next((remedy for word, remedy in remedies.items() if word in reason), "Check it, then try again.")


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]) -> None:
    """Insert `rows`; where a row with the same `key` columns exists, overwrite its other columns.

    `key` must be the columns of a unique constraint.

    Raises:
        StorageError: the database has no such statement.
    """
    if not rows:
        return
    connection.execute(_upsert_statement(table, tuple(rows[0]), tuple(key), connection.dialect.name), list(rows))


@functools.lru_cache(maxsize=64)  # building it takes longer than running it for one row
def _upsert_statement(table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: str) -> Insert:
    if dialect not in ("sqlite", "postgresql"):
        raise StorageError(f"The database {dialect} is not supported. Use SQLite or PostgreSQL.")
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    others = {name: insert.excluded[name] for name in names if name not in key}
    return insert.on_conflict_do_update(index_elements=list(key), set_=others)
