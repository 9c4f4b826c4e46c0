"""What a table in a file is, and how large it may be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from bcos_core.errors import DataError

MAX_FILE_BYTES = 100_000_000


class Table(Protocol):
    """Named columns; the rows can be gone through as often as needed."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    @property
    def row_count(self) -> int: ...

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """Each row's cells of these columns, in this order; None where there is no value.

        Raises:
            DataError: the file is malformed there.
        """


def require_size(size: int, name: str) -> None:
    """Refuse a file of no bytes, or of more than `MAX_FILE_BYTES`.

    Raises:
        DataError: it is.
    """
    if size == 0:
        raise DataError(f"{name} is empty. Give a file with a text and a label in each row.")
    if size > MAX_FILE_BYTES:
        raise DataError(
            f"{name} has {size / 1e6:,.0f} MB; at most {MAX_FILE_BYTES / 1e6:,.0f} MB are read. Keep the text and "
            "label columns only, take a sample of the rows, or save it as Parquet, which is compressed."
        )


def require_distinct(columns: Sequence[str], name: str) -> None:
    """Refuse a table in which two columns have one name.

    Raises:
        DataError: it has such columns.
    """
    twice = next((column for place, column in enumerate(columns) if column in columns[:place]), None)
    if twice is not None:
        raise DataError(f"{name} has two columns named {twice!r}. Rename one of them.")
