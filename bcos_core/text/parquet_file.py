"""A Parquet file opened with care, whoever reads it: what it says of itself is held against budgets before pyarrow
unpacks any of it, and a text that is repeated is kept once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bcos_core.errors import DataError
from bcos_core.numbers import file_size
from bcos_core.text.parquet_footer import ChunkSize, chunk_sizes
from bcos_core.text.table import MAX_FILE_BYTES, require_columns

# Compression can make a small file of a huge table; texts shrink to a third or a tenth.
MAX_UNPACKED_BYTES = 10 * MAX_FILE_BYTES
# The description of columns and row groups at the end of the file, which is read whole; that of 1,000 columns in 100
# row groups has less.
MAX_FOOTER_BYTES = 16_000_000
MAX_FIELDS = 5_000  # an object has a column in the file for each of its fields
MAX_VALUES = 10_000_000  # of one column, those in lists counted one by one: each becomes an object of Python
_FOOTER_END = 8  # bytes: the length of the footer, and a mark


class ParquetFile:
    """The top-level `columns` of a file, and how many rows are in each of its row groups (`groups`).

    Raises:
        DataError: not a Parquet file, or one whose description is too large or contradicts itself.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._require_footer(path)
        try:
            # A text that is repeated is kept once: spelled out, 0.1 MB can be 24 GB.
            plain = pq.ParquetFile(path)
            self._require_fields(plain.metadata.num_columns)
            self._file = pq.ParquetFile(path, metadata=plain.metadata, read_dictionary=_texts_in(plain))
            self._sizes = chunk_sizes(path)
            metadata, names = self._file.metadata, self._file.schema_arrow.names
            if [len(group) for group in self._sizes] != [metadata.num_columns] * metadata.num_row_groups:
                raise ValueError("its description of columns contradicts itself")
            self._owners = [field.name for field in self._file.schema_arrow for _ in range(_leaves(field.type))]
            self.groups = [int(metadata.row_group(number).num_rows) for number in range(metadata.num_row_groups)]
            if min(self.groups, default=0) < 0 or sum(self.groups) != metadata.num_rows:
                raise ValueError("its numbers of rows contradict each other")
        except DataError:
            raise
        except Exception as error:  # pyarrow raises many kinds; all say that this file cannot be read
            raise self.unreadable(error) from None
        require_columns(names, self.name)
        self.columns: tuple[str, ...] = tuple(names)

    @property
    def row_count(self) -> int:
        return sum(self.groups)

    def arrays(
        self, columns: Sequence[str], rows: int, groups: Sequence[int] | None = None
    ) -> Iterator[list[pa.Array]]:
        """These columns, at most so many rows at a time, of some row groups or all.

        Raises:
            DataError: they cannot be read.
        """
        try:
            for batch in self._file.iter_batches(rows, row_groups=groups, columns=list(columns)):
                yield [batch.column(column) for column in columns]
        except Exception as error:  # as above
            raise self.unreadable(error) from None

    def rows_of(self, arrays: Sequence[pa.Array]) -> Iterator[tuple[Any, ...]]:
        """Arrays of one length as rows of Python values, one at a time.

        Raises:
            DataError: a value that Python has not: a time zone that is not known, a date before its first.
        """
        try:
            yield from zip(*map(_cells, arrays), strict=True)
        except Exception as error:
            raise self.unreadable(error) from None

    def require_budget(self, column: str, *, by_group: bool = False) -> None:
        """Refuse a column that takes too much memory, by what the file says of itself: as a whole, or by row group.

        Raises:
            DataError: it would.
        """
        pieces = [[sizes] for sizes in self._sizes] if by_group else [self._sizes]
        for place in (place for place, owner in enumerate(self._owners) if owner == column):
            for number, sizes in enumerate(pieces, 1):
                where = f" in its row group {number:,}" if by_group else ""
                self._require_leaf(column, place, [group[place] for group in sizes], where)

    def _require_leaf(self, column: str, place: int, parts: Sequence[ChunkSize], where: str) -> None:
        leaf, kind = self._file.schema.column(place), self._file.schema_arrow.field(column).type
        values = sum(part.values for part in parts)
        width = leaf.length if leaf.physical_type == "FIXED_LEN_BYTE_ARRAY" else 0
        unpacked = max(sum(part.unpacked for part in parts), width * values)
        if _has_large_texts(kind):
            # Texts within lists and objects cannot be kept once where they repeat. Arrow stops at 2 GB of them, but not
            # of those that the file calls large; none is longer than all that is stored.
            unpacked *= values
        if unpacked > MAX_UNPACKED_BYTES or values > MAX_VALUES:
            what = "write it with smaller row groups" if where else "take a sample of the rows"
            raise DataError(
                f"{self.name}, the column {column!r}, unpacks{where} to {file_size(unpacked)} in {values:,} values; at "
                f"most {file_size(MAX_UNPACKED_BYTES)} in {MAX_VALUES:,} values are read. Choose another column, or "
                f"{what}."
            )

    def unreadable(self, error: Exception) -> DataError:
        """What an error of pyarrow's says to a person."""
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "zoneinfo" in reason:  # what pyarrow says of a zone that zoneinfo does not know
            reason = "a column has times in a time zone that is not known here"
        return DataError(
            f"{self.name} cannot be read as Parquet ({reason.rstrip('.')}). Write it again, for example with "
            "pandas: frame.to_parquet(…), or save the table as CSV and end its name in .csv."
        )

    def _require_footer(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _FOOTER_END))
            size = int.from_bytes(file.read(_FOOTER_END)[:4], "little")
        if MAX_FOOTER_BYTES < size < path.stat().st_size:
            raise DataError(
                f"{self.name} has more columns or row groups than are read: their description alone has "
                f"{file_size(size)}. Keep the text and label columns only."
            )

    def _require_fields(self, fields: int) -> None:
        if fields > MAX_FIELDS:
            raise DataError(
                f"{self.name} has {fields:,} fields, those within objects counted one by one; at most {MAX_FIELDS:,} "
                "are read. Keep the text and label columns only."
            )


def _cells(array: pa.Array) -> Iterator[Any]:
    """The values of an array, one at a time; a text that is repeated is one object."""
    if not pa.types.is_dictionary(array.type):
        yield from array.to_pylist()
        return
    known: dict[int, Any] = {}
    texts: Callable[[int], Any] = array.dictionary.__getitem__
    for place in array.indices.to_pylist():
        if place is not None and place not in known:
            known[place] = texts(place).as_py()
        yield None if place is None else known[place]


def _leaves(kind: pa.DataType) -> int:
    """How many columns of a Parquet file a type is stored in."""
    if isinstance(kind, pa.BaseExtensionType):
        return _leaves(kind.storage_type)
    if pa.types.is_dictionary(kind) or not kind.num_fields:
        return 1
    return sum(_leaves(kind.field(place).type) for place in range(kind.num_fields))


def _has_large_texts(kind: pa.DataType) -> bool:
    """Whether there are texts of any length within lists or objects."""
    parts = [kind.field(place).type for place in range(kind.num_fields)]
    return any(_is_large(part) or _has_large_texts(part) for part in parts)


def _is_large(kind: pa.DataType) -> bool:
    text = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_large_string(text) or pa.types.is_large_binary(text))


def _texts_in(file: pq.ParquetFile) -> list[str]:
    """The columns that hold texts or bytes, those within lists and objects left out: Arrow cannot join them."""
    leaves = [file.schema.column(place) for place in range(len(file.schema))]
    tops = {field.name for field in file.schema_arrow if not field.type.num_fields}
    return [
        leaf.path
        for leaf in leaves
        if leaf.physical_type == "BYTE_ARRAY" and leaf.logical_type.type != "DECIMAL" and leaf.path in tops
    ]
