"""What PostgreSQL needs to keep the same promises as an SQLite file: one writer at a time, and one view for a reader.

A transaction that writes first takes a lock that the database has for this (an advisory one), so that what it reads
cannot change before it writes: every statement after that (READ COMMITTED) sees all that was committed before. A
transaction that reads sees one moment (REPEATABLE READ) and waits for nobody. What the writers' lock costs is measured
by `python -m benchmarks storage`.

A server that ends, or a network that is lost, is found out, and the next transaction connects anew. A writer that
has stopped in the middle of its transaction loses the lock after `WRITER_IDLE_SECONDS`: the server ends it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from bcos_core.storage.stored_json import require_shallow

DRIVER = "postgresql+psycopg"
CONNECT_SECONDS = 10
LOCK_SECONDS = 30
STATEMENT_SECONDS = 60
READER_IDLE_SECONDS = 600
WRITER_IDLE_SECONDS = 60
NULL_SIGN = "\N{SYMBOL FOR NULL}"
_WRITERS = int.from_bytes(b"bcos", "big")
"""The number of the writers' lock, in this database alone."""
_TURN = (
    f"SET LOCAL idle_in_transaction_session_timeout = '{WRITER_IDLE_SECONDS}s'; "
    f"SELECT pg_advisory_xact_lock({_WRITERS})"
)
_NETWORK = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 1000 * LOCK_SECONDS,  # what was sent and nobody has acknowledged, in ms
}


def make_engine(url: URL) -> Engine:
    """The engine of a PostgreSQL database, by psycopg 3."""
    given = url.query.get("options", "")
    limits = {
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{READER_IDLE_SECONDS}s",
    }
    options = " ".join([*(f"-c {name}={value}" for name, value in limits.items()), *_texts(given)])
    network = {name: value for name, value in _NETWORK.items() if name not in url.query}
    engine = create_engine(
        url.set(drivername=DRIVER),
        isolation_level="READ COMMITTED",  # whatever the server's own default is
        pool_pre_ping=True,  # a connection that a restart of the server has cut is replaced, not used
        pool_size=10,
        max_overflow=20,
        json_deserializer=_read_json,
        use_native_hstore=False,
        connect_args={"options": options, "application_name": "bcos", **network},
    )
    event.listen(engine, "connect", _prepare)
    _leave_to_the_parent(engine)
    return engine


def _prepare(connection: Any, entry: ConnectionPoolEntry) -> None:
    from psycopg.types.string import StrDumperUnknown

    class WithoutNull(StrDumperUnknown):
        """PostgreSQL has no text with a null character, which text of strangers may have: it takes its sign."""

        def dump(self, obj: str) -> Any:
            return super().dump(obj.replace("\0", NULL_SIGN))

    connection.adapters.register_dumper(str, WithoutNull)


def _leave_to_the_parent(engine: Engine) -> None:
    """A forked process must not speak on connections that it has from its parent."""
    known = ref(engine)

    def forget() -> None:
        if (inherited := known()) is not None:
            inherited.dispose(close=False)

    if hasattr(os, "register_at_fork"):  # not on Windows
        os.register_at_fork(after_in_child=forget)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose transaction sees one moment, and writes nothing."""
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that is the only one that writes."""
    with engine.begin() as connection:
        connection.exec_driver_sql(_TURN)
        yield connection


def without_time_limit(connection: Connection) -> None:
    """Let statements of this transaction take as long as they need: a migration, a copy."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")


def _texts(value: str | tuple[str, ...]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value


def _read_json(content: str | bytes) -> Any:
    """As `StoredJson` reads a cell of SQLite: psycopg decodes by itself."""
    text = content if isinstance(content, str) else bytes(content).decode()
    require_shallow(text)
    return json.loads(text)
