"""What an SQLite file needs: the lock of a writer from the start, a turn in line, and eyes of its owner alone."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from bcos_core.storage.turns import in_turn

BUSY_TIMEOUT_SECONDS = 30.0
_READ_ONLY = "bcos_read_only"


def make_engine(url: URL) -> Engine:
    """The engine of an SQLite file."""
    engine = create_engine(url, connect_args={"timeout": BUSY_TIMEOUT_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction sees one moment, and waits for no writer."""
    with engine.connect() as connection:
        yield connection.execution_options(**{_READ_ONLY: True})


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is the only one that writes."""
    with _turn(engine.url), engine.begin() as connection:
        yield connection


def _turn(url: URL) -> AbstractContextManager[None]:
    if not url.database:
        return nullcontext()
    return in_turn(Path(f"{url.database}-turn"), longest_seconds=BUSY_TIMEOUT_SECONDS)


def keep_private(engine: Engine) -> None:
    """Let only its owner read an SQLite file: it holds what raters answered. SQLite gives its helpers the same mode.

    A file that its owner lets a group write is shared on purpose, and stays so.

    The database's own file is never opened here: closing it would take away the locks that SQLite has on it in this
    process. A new one gets its name when it is closed.
    """
    if not engine.url.database:
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


def _prepare(connection: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver begins nothing by itself; _begin does
    connection.execute("PRAGMA foreign_keys = ON")
    # Under WAL this still survives any killed process; only a power cut can take the last transactions.
    connection.execute("PRAGMA synchronous = NORMAL")


def _begin(connection: Connection) -> None:
    # A plain BEGIN takes the write lock at the first write, too late: if another process has written since
    # the first read, SQLite fails at once, without waiting. IMMEDIATE takes it here, and waits for it.
    read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
