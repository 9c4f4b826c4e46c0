"""Parquet tables that are read as a whole; only the columns asked for are unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from bcos_core.errors import DataError
from bcos_core.text.parquet_file import ParquetFile
from bcos_core.text.table import MAX_ROWS, Table, require_characters

_BATCH_ROWS = 4096


class ParquetTable(Table):
    """A Parquet file's top-level columns; cells are Python values.

    Raises:
        DataError: not a Parquet file, or too large once unpacked.
    """

    def __init__(self, path: Path) -> None:
        self._file = ParquetFile(path)
        self.columns = self._file.columns
        if self._file.row_count > MAX_ROWS:
            raise DataError(
                f"{path.name} has {self._file.row_count:,} rows; at most {MAX_ROWS:,} are read. Take a sample of them."
            )
        if not self.columns or not self._file.row_count:
            raise DataError(f"{path.name} has no rows. Give a file with a row for each text.")

    @property
    def row_count(self) -> int:
        return self._file.row_count

    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        for column in columns:
            self._file.require_budget(column)
        number, characters = 0, 0
        for arrays in self._file.arrays(columns, _BATCH_ROWS):
            characters += sum(map(_characters, arrays))
            require_characters(characters, self._file.name)
            for row in self._file.rows_of(arrays):
                number += 1
                yield number, row


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
