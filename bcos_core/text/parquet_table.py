"""Parquet tables, through pyarrow; only the columns asked for are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bcos_core.errors import DataError
from bcos_core.text.table import MAX_FILE_BYTES, require_distinct

# Compression can make a small file of a huge table; texts shrink to a third or a tenth.
MAX_UNPACKED_BYTES = 10 * MAX_FILE_BYTES
MAX_ROWS = 5_000_000  # repeated values take next to no bytes, so rows are bounded too
_BATCH_ROWS = 4096


class ParquetTable:
    """A Parquet file's top-level columns; cells are Python values.

    Raises:
        DataError: not a Parquet file, or too large once unpacked.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            self._file = pq.ParquetFile(path)
        except pa.ArrowException as error:
            raise self._unreadable(error) from None
        metadata = self._file.metadata
        unpacked = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
        if unpacked > MAX_UNPACKED_BYTES or metadata.num_rows > MAX_ROWS:
            raise DataError(
                f"{self._name} unpacks to {unpacked / 1e6:,.0f} MB in {metadata.num_rows:,} rows; at most "
                f"{MAX_UNPACKED_BYTES / 1e6:,.0f} MB in {MAX_ROWS:,} rows are read. "
                "Keep the text and label columns only, or take a sample of the rows."
            )
        self.columns: tuple[str, ...] = tuple(self._file.schema_arrow.names)
        self.row_count: int = metadata.num_rows
        require_distinct(self.columns, self._name)
        if not self.columns or not self.row_count:
            raise DataError(f"{self._name} has no rows. Give a file with a text and a label in each row.")

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        try:
            for batch in self._file.iter_batches(batch_size=_BATCH_ROWS, columns=list(columns)):
                yield from zip(*(batch.column(column).to_pylist() for column in columns), strict=True)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._unreadable(error) from None

    def _unreadable(self, error: Exception) -> DataError:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return DataError(
            f"{self._name} cannot be read as Parquet ({reason.rstrip('.')}). Write it again, for example with "
            "pandas: frame.to_parquet(…), or save the table as CSV and end its name in .csv."
        )
