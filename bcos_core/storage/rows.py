"""Rows of a table as records: a damaged row is named, and hides none of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Connection, RowMapping, Select

from bcos_core.errors import BcosError
from bcos_core.storage.listing import Item, LeftOut, Listing

# What the column types of SQLAlchemy raise at a cell that is not of their type.
UNREADABLE = (ValueError, TypeError, ArithmeticError, RecursionError)


def read_row(
    connection: Connection, query: Select[Any], read: Callable[[RowMapping], Item], *, refusal: BcosError
) -> Item | None:
    """What `read` makes of the first row, None where there is none.

    Raises:
        BcosError: from `read`; `refusal` where a cell is not what its column is for.
    """
    try:
        row = connection.execute(query).mappings().first()
    except UNREADABLE as error:
        raise refusal from error
    return None if row is None else read(row)


def list_rows(
    connection: Connection,
    query: Select[Any],
    id: Column[str],
    read: Callable[[RowMapping], Item],
    refusal: Callable[[str], BcosError],
) -> Listing[Item]:
    """What `read` makes of every row, in the order of `query`; `refusal` says what is wrong with a row of that id
    whose cells are not what their columns are for."""
    try:
        rows: Iterable[tuple[str, RowMapping | None]] = [
            (row[id], row) for row in connection.execute(query).mappings().all()
        ]
    except UNREADABLE:
        rows = _one_by_one(connection, query, id)
    found, left_out = [], []
    for name, row in rows:
        try:
            if row is None:
                raise refusal(name)
            found.append(read(row))
        except BcosError as error:
            left_out.append(LeftOut(name, str(error)))
    return Listing(tuple(found), tuple(left_out))


def _one_by_one(connection: Connection, query: Select[Any], id: Column[str]) -> Iterator[tuple[str, RowMapping | None]]:
    """Every row by its id, None where it cannot be read."""
    for one in connection.execute(query.with_only_columns(id)).scalars().all():
        try:
            yield one, connection.execute(query.where(id == one).limit(None).offset(None)).mappings().first()
        except UNREADABLE:
            yield one, None
