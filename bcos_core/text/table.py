"""What a table in a file is, and how large it may be.

Budgets are checked while a file is read, before what they bound is allocated: a small file can hold a huge table.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bcos_core.errors import DataError
from bcos_core.numbers import file_size

MAX_FILE_BYTES = 100_000_000
MAX_ROWS = 2_000_000  # blank lines count: nothing may be read for minutes
MAX_COLUMNS = 1_000
MAX_NAME_CHARACTERS = 1_000  # of a column: what is longer is a text, or a quote that is not closed
MAX_CELL_CHARACTERS = 1_000_000  # twice a long novel
MAX_ROW_CHARACTERS = 4 * MAX_CELL_CHARACTERS
MAX_CHARACTERS = 4 * MAX_FILE_BYTES  # of the columns that are read, once unpacked

_TEXTS_ONLY = "Keep the text and label columns only, or take a sample of the rows."


class Table(ABC):
    """Named columns; the rows can be gone through as often as needed.

    `unit` is what the file's own numbers count, from 1: lines or rows. Of data sets that are known, `rationale_column`
    holds what people named, `side_column` which side a row is on ("train", "validation", "test"), `blank` says by
    column what an empty cell means, and `notes` what a reader must know.
    """

    columns: tuple[str, ...]
    unit: str = "row"
    rationale_column: str | None = None
    side_column: str | None = None
    blank: Mapping[str, str] = MappingProxyType({})
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def row_count(self) -> int: ...

    @abstractmethod
    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Each row's number in the file, and its cells of these columns, in this order; None where there is no value.

        Raises:
            DataError: the file is malformed there, or larger than is read.
        """

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        """The cells alone."""
        return (cells for _, cells in self.numbered_rows(columns))


def require_size(size: int, name: str) -> None:
    """Refuse a file of no bytes, or of more than `MAX_FILE_BYTES`.

    Raises:
        DataError: it is.
    """
    if size == 0:
        raise DataError(f"{name} is empty. Give a file with a first row of column names and a row for each text.")
    if size > MAX_FILE_BYTES:
        raise DataError(
            f"{name} has {file_size(size)}; at most {file_size(MAX_FILE_BYTES)} are read. Keep the text and "
            "label columns only, take a sample of the rows, or save it as Parquet, which is compressed."
        )


def require_columns(columns: Sequence[str], name: str) -> None:
    """Refuse a table of more than `MAX_COLUMNS`, with a name that is none, or in which two columns have one name.

    Raises:
        DataError: it is.
    """
    if len(columns) > MAX_COLUMNS:
        raise DataError(
            f"{name} has {len(columns):,} columns; at most {MAX_COLUMNS:,} are read. Keep the text and label columns "
            "only."
        )
    longest = max(map(len, columns), default=0)
    if longest > MAX_NAME_CHARACTERS:
        raise DataError(
            f"{name} has a column whose name has {longest:,} characters; at most {MAX_NAME_CHARACTERS:,} are read. The "
            "first line must name the columns; a quote may not be closed there."
        )
    twice = next((column for column, times in Counter(columns).items() if times > 1), None)
    if twice is not None:
        raise DataError(f"{name} has two columns named {twice!r}. Rename one of them.")


def require_rows(count: int, name: str, unit: str) -> None:
    """Refuse more than `MAX_ROWS` rows or lines.

    Raises:
        DataError: there are.
    """
    if count > MAX_ROWS:
        raise DataError(
            f"{name} has {count:,} {unit}s; at most {MAX_ROWS:,} are read, blank ones included. Leave the blank ones "
            "out, or take a sample of the rows."
        )


def require_row(characters: int, place: str) -> None:
    """Refuse a row of more than `MAX_ROW_CHARACTERS`; `place` names it.

    Raises:
        DataError: it is.
    """
    if characters > MAX_ROW_CHARACTERS:
        raise DataError(
            f"{place} has more than {MAX_ROW_CHARACTERS:,} characters, the most that are read of one row. A quote or a "
            f"bracket may not be closed there. {_TEXTS_ONLY}"
        )


def require_cell(characters: int, place: str) -> None:
    """Refuse a text of more than `MAX_CELL_CHARACTERS`; `place` names it.

    Raises:
        DataError: it is.
    """
    if characters > MAX_CELL_CHARACTERS:
        raise DataError(
            f"{place} has more than {MAX_CELL_CHARACTERS:,} characters, the most that are read of one text. Cut it "
            "(models read its first hundreds of words only), or split it into several rows."
        )


def require_characters(count: int, name: str) -> None:
    """Refuse texts of more than `MAX_CHARACTERS` together.

    Raises:
        DataError: they are.
    """
    if count > MAX_CHARACTERS:
        raise DataError(
            f"{name} unpacks to more than {MAX_CHARACTERS / 1e6:,.0f} million characters, the most that are read. "
            f"{_TEXTS_ONLY}"
        )
