"""Files as streams of rows, of any size: a few rows are held at a time, and every budget is a row's own."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcos_core.errors import DataError
from bcos_core.storage.content import Stamp, file_hash, file_stamp, name_of
from bcos_core.text.csv_table import find_delimiter, malformed
from bcos_core.text.decode import encodable
from bcos_core.text.files import open_table, require_supported
from bcos_core.text.rows import Rows
from bcos_core.text.streamed_lines import StreamedLines
from bcos_core.text.table import Table, require_columns

if TYPE_CHECKING:
    from bcos_core.text.parquet_file import ParquetFile

_HEADER_ROWS = 100
"""Of JSON lines, whose keys are the columns: nobody knows them all before the last row."""
_PARQUET_ROWS = 1_024


def open_file(path: Path) -> Rows:
    """
    Raises:
        DataError: no such file, or one that cannot be read.
    """
    if path.is_file() and (reader := _STREAMED.get(path.suffix.lower())):
        try:
            if path.stat().st_size == 0:
                raise DataError(f"{path.name} is empty. Give a file with column names and a row for each text.")
            return reader(path)
        except OSError as error:
            raise _unreadable(path, error) from error
    if path.is_file():
        require_supported(path.name)
    return TableRows(path, open_table(path))


class FileRows(Rows):
    """Of a file, known by its content as it was when it was opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._present()

    @property
    def fingerprint(self) -> str:
        try:
            return file_hash(self._path)
        except OSError as error:
            raise _unreadable(self._path, error) from error

    @property
    def count(self) -> int | None:
        """Gone through once for as long as the file stays as it is."""
        return _counted(type(self), self._path, self._stamp)

    def require_unchanged(self) -> None:
        if self._stamp != self._present():
            raise DataError(
                f"{self._path.name} was changed while it was read. Let it be as it is now, and explain it into another "
                "folder."
            )

    def _present(self) -> Stamp | None:
        try:
            return file_stamp(self._path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unreadable(self._path, error) from error


class CsvRows(FileRows):
    """A header line and records of as many fields."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        preferred = "\t" if path.suffix.lower() == ".tsv" else ","
        with StreamedLines(path) as lines:
            self._delimiter = find_delimiter(lines.head(), path.name, preferred)
        header = next(self._records(), (0, []))[1]
        if not header:
            raise DataError(f"{path.name} has no lines with content. The first line must name the columns.")
        self.columns = tuple(name.strip() or f"column {place}" for place, name in enumerate(header, start=1))
        require_columns(self.columns, path.name)

    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        places = [self.columns.index(column) for column in columns]
        for line, record in islice(self._records(), 1 + start, None):
            if len(record) != len(self.columns):
                raise DataError(
                    f"{self._path.name}, the record that ends in line {line:,}: {len(record):,} fields, but the header "
                    f"has {len(self.columns):,} (delimiter {self._delimiter!r}). Put texts that hold the delimiter "
                    "into double quotes."
                )
            yield tuple(record[place] for place in places)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The number of the last line of each record that is not blank, and its fields."""
        with StreamedLines(self._path) as lines:
            reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
            while True:
                lines.begin_row()
                try:
                    record = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    place = f"{self._path.name}, in the record that reaches line {lines.line:,}"
                    raise malformed(place, error) from None
                if record:
                    yield lines.line, record


class JsonLinesRows(FileRows):
    """An object in each line. The columns are the keys of the first rows."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        names = dict.fromkeys(key for row in islice(self._objects(), _HEADER_ROWS) for key in row)
        if not names:
            raise DataError(f'{path.name} has no rows. Expected one object a line, such as {{"text": "A fine film."}}.')
        self.columns = tuple(names)
        require_columns(self.columns, path.name)

    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        return (tuple(row.get(column) for column in columns) for row in islice(self._objects(), start, None))

    def _objects(self) -> Iterator[Mapping[str, Any]]:
        with StreamedLines(self._path) as lines:
            for text in lines:
                lines.begin_row()
                if not text.strip():
                    continue
                try:
                    row = json.loads(text)
                except (ValueError, RecursionError) as error:
                    raise DataError(
                        f"{self._path.name}, line {lines.line:,}: not JSON ({error}). A .jsonl file has one object a "
                        "line."
                    ) from None
                if not isinstance(row, dict):
                    raise DataError(f"{self._path.name}, line {lines.line:,}: a {type(row).__name__}, no object.")
                yield {encodable(key): value for key, value in row.items()}


class ParquetRows(FileRows):
    """A Parquet file's top-level columns, of which a row group is unpacked a piece at a time."""

    def __init__(self, path: Path) -> None:
        from bcos_core.text.parquet_file import ParquetFile  # pyarrow is slow to import

        super().__init__(path)
        self._file: ParquetFile = ParquetFile(path)
        self.columns = self._file.columns

    @property
    def count(self) -> int | None:
        return self._file.row_count

    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        for column in columns:
            self._file.require_budget(column, by_group=True)
        begin = 0
        for group, rows in enumerate(self._file.groups):
            if begin + rows > start:
                passed = max(0, start - begin)
                for arrays in self._file.arrays(columns, _PARQUET_ROWS, [group]):
                    length = len(arrays[0]) if arrays else 0
                    skipped = min(length, passed)
                    passed -= skipped
                    yield from self._file.rows_of([array.slice(skipped) for array in arrays])
            begin += rows


class TableRows(FileRows):
    """A file that is read as a whole, within the budgets of `files`: a list of JSON, a known data set's archive."""

    def __init__(self, path: Path, table: Table) -> None:
        super().__init__(path)
        self._table = table
        self.columns = table.columns

    @property
    def count(self) -> int | None:
        return self._table.row_count

    @property
    def fingerprint(self) -> str:
        if self._path.is_file():
            return super().fingerprint
        return name_of([list(cells) for cells in self._table.rows(self.columns)])

    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        return islice(self._table.rows(tuple(columns)), start, None)


@lru_cache(maxsize=256)
def _counted(kind: Callable[[Path], Rows], path: Path, stamp: Stamp | None) -> int:
    return sum(1 for _ in kind(path).cells(()))


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(f"{str(path)!r} cannot be read: {error.strerror or error}.")


_STREAMED: dict[str, Callable[[Path], Rows]] = {
    ".csv": CsvRows,
    ".tsv": CsvRows,
    ".jsonl": JsonLinesRows,
    ".ndjson": JsonLinesRows,
    ".parquet": ParquetRows,
}
