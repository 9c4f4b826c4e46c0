"""CSV and its relatives: the delimiter is found by trying, everything else follows RFC 4180."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.text.decode import decode
from bcos_core.text.table import require_distinct

DELIMITERS = (",", "\t", ";", "|")
_TRIED_RECORDS = 50


class CsvTable:
    """A header line and records of as many fields; every cell is a string.

    Raises:
        DataError: not text, a column name twice, or (while going through the rows) a malformed record.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        text = decode(path.read_bytes(), path.name)
        # Line ends of old Macs: a carriage return alone.
        self._text = text.replace("\r", "\n") if "\n" not in text else text
        preferred = "\t" if path.suffix.lower() == ".tsv" else ","
        self._delimiter = _find_delimiter(self._text, preferred)
        header = next(self._records(), (0, []))[1]
        if not header:
            raise DataError(f"{self._name} has no lines with content. The first line must name the columns.")
        self.columns = tuple(name.strip() or f"column {place}" for place, name in enumerate(header, start=1))
        require_distinct(self.columns, self._name)

    @cached_property
    def row_count(self) -> int:
        return sum(1 for _ in self.rows(()))

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        places = [self.columns.index(column) for column in columns]
        for line, record in islice(self._records(), 1, None):
            if len(record) != len(self.columns):
                raise DataError(
                    f"{self._name}, line {line}: {len(record)} fields, but the header has {len(self.columns)} "
                    f"(delimiter {self._delimiter!r}). Put texts that hold the delimiter into double quotes."
                )
            yield tuple(record[place] for place in places)

    def _records(self) -> Iterator[tuple[int, list[str]]]:
        """The number of the first line, and the fields, of each record that is not blank."""
        reader = csv.reader(_lines(self._text), delimiter=self._delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise DataError(
                    f"{self._name}, in the record that begins in line {line}: {error}. A double quote is probably not "
                    f'closed (inside a quoted text, write "" for one quote), or a text is longer than '
                    f"{csv.field_size_limit():,} characters."
                ) from None
            if record:
                yield line, record


def _find_delimiter(text: str, preferred: str) -> str:
    """The delimiter that cuts the first records into the most fields, the same number in each."""

    def fields(delimiter: str) -> int:
        records = csv.reader(_lines(text), delimiter=delimiter)
        try:
            counts = {len(record) for record in islice(records, _TRIED_RECORDS) if record}
        except csv.Error:
            return 0
        return counts.pop() if len(counts) == 1 else 0

    if fields(preferred) > 1:
        return preferred
    best = max(DELIMITERS, key=fields)
    return best if fields(best) > 1 else preferred


def _lines(text: str) -> Iterator[str]:
    """Lines with their ends, without copying the whole text."""
    start = 0
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end
