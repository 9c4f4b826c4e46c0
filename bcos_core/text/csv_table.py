"""CSV and its relatives: the delimiter is found by trying, everything else follows RFC 4180."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.text.decode import decode
from bcos_core.text.lines import Lines, count_lines
from bcos_core.text.table import MAX_CELL_CHARACTERS, Table, require_columns, require_rows

DELIMITERS = (",", "\t", ";", "|")
_TRIED_RECORDS = 50

# Python's own limit, 131,072 characters, is less than a long text has; there is one for the whole process.
csv.field_size_limit(MAX_CELL_CHARACTERS)


class CsvTable(Table):
    """A header line and records of as many fields; every cell is a string.

    Raises:
        DataError: not text, too large, a column name twice, or (while going through the rows) a malformed record.
    """

    unit = "line"

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._text = decode(path.read_bytes(), path.name)
        require_rows(count_lines(self._text), self._name, "line")
        preferred = "\t" if path.suffix.lower() == ".tsv" else ","
        self._delimiter = find_delimiter(self._text, self._name, preferred)
        header = next(self._records(), (0, [], ""))[1]
        if not header:
            raise DataError(f"{self._name} has no lines with content. The first line must name the columns.")
        self.columns = tuple(name.strip() or f"column {place}" for place, name in enumerate(header, start=1))
        require_columns(self.columns, self._name)

    @cached_property
    def row_count(self) -> int:
        return sum(1 for _ in self.rows(()))

    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
        places = [self.columns.index(column) for column in columns]
        for line, record, hint in islice(self._records(), 1, None):
            if len(record) != len(self.columns):
                raise DataError(
                    f"{self._name}, line {line}: {len(record):,} fields, but the header has {len(self.columns):,} "
                    f"(delimiter {self._delimiter!r}). {hint}"
                )
            yield line, tuple(record[place] for place in places)

    def _records(self) -> Iterator[tuple[int, list[str], str]]:
        """Of each record that is not blank: the number of its first line, its fields, and what may be wrong with it."""
        lines = Lines(self._text, self._name)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        torn = False
        while True:
            line, torn_before = lines.begin_row(), torn
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise malformed(f"{self._name}, in the record that begins in line {line}", error) from None
            torn = lines.torn
            if record:
                yield line, record, _TORN if torn or torn_before else _UNQUOTED


def malformed(place: str, error: csv.Error) -> DataError:
    """What Python's reader says of a record, for a person; `place` names it."""
    if "field larger" in str(error):
        return DataError(
            f"{place}: a text has more than {MAX_CELL_CHARACTERS:,} characters, the most that are read of one. Cut it "
            "(models read its first hundreds of words only), or split it into several rows. If no text is that long, a "
            "double quote before it is not closed."
        )
    return DataError(
        f'{place}: {error}. A double quote is probably not closed (inside a quoted text, write "" for one quote).'
    )


_UNQUOTED = "Put texts that hold the delimiter into double quotes."
_TORN = (
    "A bare carriage return ends a record here, as in files of old Macs. If it belongs to a text, put that text into "
    "double quotes, or write a space instead."
)


def find_delimiter(text: str, name: str, preferred: str) -> str:
    """The delimiter that cuts the first records into the most fields, the same number in each."""

    def fields(delimiter: str) -> int:
        lines = Lines(text, name)
        records = csv.reader(lines, delimiter=delimiter)
        counts = set()
        try:
            for record in islice(records, _TRIED_RECORDS):
                lines.begin_row()
                if record:
                    counts.add(len(record))
        except (csv.Error, DataError):
            return 0
        return counts.pop() if len(counts) == 1 else 0

    if fields(preferred) > 1:
        return preferred
    best = max(DELIMITERS, key=fields)
    return best if fields(best) > 1 else preferred
