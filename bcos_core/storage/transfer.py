"""From one database into another, such as from an SQLite file to PostgreSQL: table by table, all of it or nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, inspect, select, text

from bcos_core.errors import InputError, StorageError
from bcos_core.home import Home
from bcos_core.storage.database import Database
from bcos_core.storage.failures import place_of
from bcos_core.storage.postgresql import NULL_SIGN, without_time_limit
from bcos_core.storage.rows import UNREADABLE
from bcos_core.storage.upgrade import bring_up_to_date

ROWS_AT_ONCE = 1000


@dataclass(frozen=True)
class Copied:
    """One table: how many rows, and a checksum of them that does not depend on their order."""

    table: str
    rows: int
    checksum: str


def copy_database(source: Database, target: Database, tables: Sequence[Table], home: Home) -> tuple[Copied, ...]:
    """Copy every row of `source` into `target`, where the tables are made; nobody writes to either meanwhile. What has
    arrived is read back and compared before it is committed.

    Args:
        tables: all of them, each after those that it refers to.
        home: whose folder for locks is used.

    Raises:
        InputError: the target has rows or another program's tables, or is the source.
        StorageError: a database cannot be used, a cell of the source is damaged, or what arrived is not what was sent.
    """
    if source.engine.url == target.engine.url:
        raise InputError(f"{place_of(source.engine.url)} is the database that is copied. Name another one.")
    refuse_foreign(target, tables)
    bring_up_to_date(target, home)
    with source.write() as old, target.write() as new:
        _require_all(new, tables)
        full = [table.name for table in tables if _count(new, table)]
        if full:
            raise InputError(
                f"The database {place_of(target.engine.url)} has rows already ({', '.join(full)}). Name an empty one."
            )
        for connection, database in ((old, source), (new, target)):
            if not database.is_sqlite:
                without_time_limit(connection)
        return tuple(_copy(table, old, new) for table in tables)


def refuse_foreign(database: Database, tables: Sequence[Table]) -> None:
    """
    Raises:
        InputError: the database has a table that is none of `tables`: somebody else's, to which nothing is done.
    """
    with database.read() as connection:
        foreign = set(inspect(connection).get_table_names()) - {table.name for table in tables} - {"alembic_version"}
    if foreign:
        place, named = place_of(database.engine.url), ", ".join(sorted(foreign)[:5])
        raise InputError(
            f"The database {place} has tables that are not of this program ({named}). Nothing was changed: name an "
            f"empty one in {database.named}."
        )


def _require_all(connection: Connection, tables: Sequence[Table]) -> None:
    known, there = {table.name for table in tables}, set(inspect(connection).get_table_names()) - {"alembic_version"}
    if known != there:
        raise StorageError(f"Not every table is known here ({', '.join(sorted(known ^ there))}). Update the program.")


def _copy(table: Table, old: Connection, new: Connection) -> Copied:
    sent = _Checksum()
    for rows in _portions(table, old):
        sent.add(rows)
        new.execute(insert(table), [dict(zip(table.c.keys(), row, strict=True)) for row in rows])
    _count_on(table, new)
    arrived = _Checksum()
    for rows in _portions(table, new):
        arrived.add(rows)
    if (sent.rows, sent.hex) != (arrived.rows, arrived.hex):
        raise StorageError(
            f"Of the table {table.name} {sent.rows:,} rows were sent and {arrived.rows:,} have arrived"
            + ("" if sent.rows != arrived.rows else ", not the same")
            + ". Nothing was kept; check both databases, then try again."
        )
    return Copied(table.name, sent.rows, sent.hex)


def _portions(table: Table, connection: Connection) -> Iterator[Sequence[Sequence[Any]]]:
    try:
        rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table))
        yield from rows.partitions()
    except UNREADABLE as error:
        raise StorageError(
            f"A cell of the table {table.name} cannot be read ({error}). Delete that row, or restore a backup."
        ) from error
    finally:
        connection.execution_options(yield_per=None, stream_results=False)


def _count(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _count_on(table: Table, connection: Connection) -> None:
    """Let PostgreSQL number the next row after those that came with their numbers."""
    column = table.autoincrement_column
    if column is None or connection.dialect.name != "postgresql":
        return
    last = connection.execute(select(func.max(column))).scalar_one()
    if last is not None:
        named = {"table": table.name, "column": column.name, "last": last}
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :column), :last)"), named)


class _Checksum:
    """The sum of the hashes of all rows: two databases need not give them in the same order."""

    def __init__(self) -> None:
        self.rows = self._sum = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            digest = hashlib.sha256(json.dumps([_plain(cell) for cell in row], sort_keys=True).encode()).digest()
            self._sum = (self._sum + int.from_bytes(digest, "big")) % 2**256
        self.rows += len(rows)

    @property
    def hex(self) -> str:
        return f"{self._sum:064x}"


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.astimezone(UTC).isoformat()
    return cell.replace("\0", NULL_SIGN) if isinstance(cell, str) else cell
