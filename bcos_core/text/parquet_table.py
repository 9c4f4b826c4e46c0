"""Parquet tables, through pyarrow; only the columns asked for are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bcos_core.errors import DataError
from bcos_core.numbers import file_size
from bcos_core.text.parquet_footer import chunk_sizes
from bcos_core.text.table import (
    MAX_FILE_BYTES,
    MAX_ROWS,
    Table,
    require_characters,
    require_columns,
)

# Compression can make a small file of a huge table; texts shrink to a third or a tenth.
MAX_UNPACKED_BYTES = 10 * MAX_FILE_BYTES
# The description of columns and row groups at the end of the file, which is read whole; that of 1,000 columns in 100
# row groups has less.
MAX_FOOTER_BYTES = 16_000_000
MAX_FIELDS = 5_000  # an object has a column in the file for each of its fields
MAX_VALUES = 10_000_000  # of one column, those in lists counted one by one: each becomes an object of Python
_BATCH_ROWS = 4096
_FOOTER_END = 8  # bytes: the length of the footer, and a mark


class ParquetTable(Table):
    """A Parquet file's top-level columns; cells are Python values.

    Raises:
        DataError: not a Parquet file, or too large once unpacked.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
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
            self._owners = _owners(self._file)
        except DataError:
            raise
        except Exception as error:  # pyarrow raises many kinds; all say that this file cannot be read
            raise self._unreadable(error) from None
        if metadata.num_rows > MAX_ROWS:
            raise DataError(
                f"{self._name} has {metadata.num_rows:,} rows; at most {MAX_ROWS:,} are read. Take a sample of them."
            )
        require_columns(names, self._name)
        self.columns = tuple(names)
        if not names or not metadata.num_rows:
            raise DataError(f"{self._name} has no rows. Give a file with a row for each text.")

    @property
    def row_count(self) -> int:
        return int(self._file.metadata.num_rows)

    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        for column in columns:
            self._require_budget(column)
        number, characters = 0, 0
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns)):
                arrays = [batch.column(column) for column in columns]
                characters += sum(map(_characters, arrays))
                require_characters(characters, self._name)
                for cells in zip(*map(_cells, arrays), strict=True):
                    number += 1
                    yield number, cells
        except DataError:
            raise
        except Exception as error:  # as above; also a time zone that is not known, a date that Python has not
            raise self._unreadable(error) from None

    def _require_footer(self, path: Path) -> None:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _FOOTER_END))
            size = int.from_bytes(file.read(_FOOTER_END)[:4], "little")
        if MAX_FOOTER_BYTES < size < path.stat().st_size:
            raise DataError(
                f"{self._name} has more columns or row groups than are read: their description alone has "
                f"{file_size(size)}. Keep the text and label columns only."
            )

    def _require_fields(self, fields: int) -> None:
        if fields > MAX_FIELDS:
            raise DataError(
                f"{self._name} has {fields:,} fields, those within objects counted one by one; at most {MAX_FIELDS:,} "
                "are read. Keep the text and label columns only."
            )

    def _require_budget(self, column: str) -> None:
        """Refuse a column that takes too much memory, by what the file says of itself."""
        schema, kind = self._file.schema, self._file.schema_arrow.field(column).type
        name = f"{self._name}, the column {column!r},"
        for leaf in (place for place, owner in enumerate(self._owners) if owner == column):
            parts = [group[leaf] for group in self._sizes]
            values = sum(part.values for part in parts)
            width = schema.column(leaf).length if schema.column(leaf).physical_type == "FIXED_LEN_BYTE_ARRAY" else 0
            unpacked = max(sum(part.unpacked for part in parts), width * values)
            if _has_large_texts(kind):
                # Texts within lists and objects cannot be kept once where they repeat. Arrow stops at 2 GB of them,
                # but not of those that the file calls large; none is longer than all that is stored.
                unpacked *= values
            if unpacked > MAX_UNPACKED_BYTES or values > MAX_VALUES:
                raise DataError(
                    f"{name} unpacks to {file_size(unpacked)} in {values:,} values; at most "
                    f"{file_size(MAX_UNPACKED_BYTES)} in {MAX_VALUES:,} values are read. Choose another column, or "
                    "take a sample of the rows."
                )

    def _unreadable(self, error: Exception) -> DataError:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        if "zoneinfo" in reason:  # what pyarrow says of a zone that zoneinfo does not know
            reason = "a column has times in a time zone that is not known here"
        return DataError(
            f"{self._name} cannot be read as Parquet ({reason.rstrip('.')}). Write it again, for example with "
            "pandas: frame.to_parquet(…), or save the table as CSV and end its name in .csv."
        )


def _owners(file: pq.ParquetFile) -> list[str]:
    """The top-level column that each leaf of the file belongs to."""
    return [field.name for field in file.schema_arrow for _ in range(_leaves(field.type))]


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


def _characters(array: pa.Array) -> int:
    """How many bytes the texts in an array have, each one counted as often as it is repeated."""
    if pa.types.is_dictionary(array.type):
        if not len(array.dictionary) or not hasattr(array, "indices"):
            return 0
        lengths = _lengths(array.dictionary)
        return int(pc.sum(lengths.take(array.indices)).as_py() or 0) if lengths is not None else 0
    if isinstance(array, pa.StructArray):
        return sum(_characters(array.field(place)) for place in range(array.type.num_fields))
    if isinstance(array, pa.MapArray):
        return _characters(array.keys) + _characters(array.items)
    if isinstance(array, pa.ListArray | pa.LargeListArray | pa.FixedSizeListArray):
        return _characters(array.values)
    lengths = _lengths(array)
    return int(pc.sum(lengths).as_py() or 0) if lengths is not None else 0


def _lengths(texts: pa.Array) -> pa.Array | None:
    """The bytes of each text; None for an array of something else."""
    try:
        return pc.cast(pc.binary_length(texts), pa.int64())
    except pa.ArrowNotImplementedError:
        return None


def _cells(array: pa.Array) -> list[Any]:
    if pa.types.is_dictionary(array.type) and len(array.dictionary) <= len(array):
        values = array.dictionary.to_pylist()
        return [None if place is None else values[place] for place in array.indices.to_pylist()]
    return list(array.dictionary_decode().to_pylist() if pa.types.is_dictionary(array.type) else array.to_pylist())
