"""What an SQLite file needs: the lock of a writer from the start, a turn in line, and eyes of its owner alone."""

from __future__ import annotations

import os
import re
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
TRIGGERS = tuple(
    f"CREATE TRIGGER audit_no_{what.lower()} BEFORE {what} ON audit "
    "BEGIN SELECT RAISE(ABORT, 'the log can only grow'); END"
    for what in ("UPDATE", "DELETE")
)
"""Of migration 0020: without them, the log of who did what can be rewritten."""


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


def computes(connection: sqlite3.Connection) -> str:
    """What a file that somebody else may have made would compute when it is read or written, in words: a view, a
    virtual table, a trigger, or a function in a table or an index, without end or of any size. "" where it has nothing
    but the triggers of the migrations. Nothing is computed to find it out."""
    connection.execute("PRAGMA trusted_schema = OFF")
    functions = "|".join(
        re.escape(one) for (one,) in connection.execute("SELECT DISTINCT name FROM pragma_function_list")
    )
    called = re.compile(rf"""(?<!\w)["'`\[]?({functions})["'`\]]?\s*\(|--|/\*""", re.IGNORECASE)  # or a comment between
    for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall():
        text = " ".join(str(sql or "").split())
        is_own = kind in ("table", "index") and not re.match(r"CREATE\s+VIRTUAL", text, re.IGNORECASE)
        if not is_own and (kind != "trigger" or text not in TRIGGERS):
            return f"the {kind} {name!r:.100}"
        if is_own and called.search(text):
            return f"a function in the {kind} {name!r:.100}"
    return ""


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
