"""Connections to the one database: SQLite under BCOS_HOME, or what `BCOS_DATABASE_URL` names."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import URL, Connection, Engine, Insert, Table, make_url
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import ArgumentError

from bcos_core.access.actor import Actor, machine
from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.measured import saving
from bcos_core.storage import postgresql, sqlite_file
from bcos_core.storage.failures import explained

URL_VARIABLE = "BCOS_DATABASE_URL"
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", postgresql.DRIVER)


@dataclass(frozen=True)
class Database:
    """One engine, in whose name it is used, and what a person has named it by. Safe to share between threads; other
    processes open their own."""

    engine: Engine
    actor: Actor = field(default_factory=machine)
    named: str = URL_VARIABLE

    def acting(self, actor: Actor) -> Database:
        """The same, in the name of somebody else."""
        return replace(self, actor=actor)

    @property
    def is_sqlite(self) -> bool:
        """A file; if not, it is PostgreSQL."""
        return self.engine.url.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads: one consistent view, and it never waits for a writer.

        Raises:
            StorageError: the database cannot be read.
        """
        of_kind = sqlite_file if self.is_sqlite else postgresql
        with explained(self.engine, self.named), of_kind.reading(self.engine) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write; committed at the end, rolled back by an exception. No other one writes before
        it ends: what it reads stays so.

        Raises:
            StorageError: the database cannot be written.
        """
        of_kind = sqlite_file if self.is_sqlite else postgresql
        with saving(), explained(self.engine, self.named), of_kind.writing(self.engine) as connection:
            yield connection


def open_engine(home: Home, url: URL | None = None) -> Engine:
    """The engine for `home`, or for the address of another database; made once per process.

    Raises:
        StorageError: `BCOS_DATABASE_URL` cannot be used.
    """
    if url is not None:
        return _engine(url)
    configured = os.environ.get(URL_VARIABLE, "").strip()
    # Not a string: a path may have characters that mean something in a URL.
    return _engine(read_url(configured) if configured else URL.create("sqlite", database=str(home.database)))


def read_url(text: str, what: str = URL_VARIABLE) -> URL:
    """The address of a database; `what` names it in messages.

    Raises:
        StorageError: it is none, or of a database that is not supported.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # their words may hold what was given, with its password
        url = None
    is_known = url is not None and url.drivername in _DRIVERS
    # Without a file SQLite keeps all in the memory of one process, and nothing once that has ended.
    names_none = url is not None and url.get_backend_name() == "sqlite" and (url.database or ":memory:") == ":memory:"
    if url is None or not is_known or names_none:
        kind = "it is not an address" if url is None else f"{url.drivername} is not supported"
        kind = "it names no file" if is_known else kind
        or_none = ", or unset it for the SQLite file under BCOS_HOME" if what == URL_VARIABLE else ""
        raise StorageError(
            f"{what} cannot be used ({kind}). Expected postgresql://USER:PASSWORD@HOST:PORT/NAME, with signs such as @ "
            f"in the password written as %40{or_none}."
        )
    return url.set(drivername=postgresql.DRIVER) if url.get_backend_name() == "postgresql" else url


@functools.cache
def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return sqlite_file.make_engine(url)
    return postgresql.make_engine(url)


def upsert(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, key: Sequence[str]) -> None:
    """Insert `rows`; where a row with the same `key` columns exists, overwrite its other columns.

    `key` must be the columns of a unique constraint.
    """
    if rows:
        connection.execute(_upsert_statement(table, tuple(rows[0]), tuple(key), connection.dialect.name), list(rows))


@functools.lru_cache(maxsize=64)  # building it takes longer than running it for one row
def _upsert_statement(table: Table, names: tuple[str, ...], key: tuple[str, ...], dialect: str) -> Insert:
    insert = sqlite_dialect.insert(table) if dialect == "sqlite" else postgresql_dialect.insert(table)
    others = {name: insert.excluded[name] for name in names if name not in key}
    return insert.on_conflict_do_update(index_elements=list(key), set_=others)
