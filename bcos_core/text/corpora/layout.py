"""Published data sets whose rows are no plain texts and labels: how these are made of them.

A layout is recognised by the names of the columns, in whatever kind of file or hub data set they come.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bcos_core.text.table import Table


@dataclass(frozen=True)
class Layout:
    """`cells` makes of a row's cells of the columns `reads` those of `columns`, one of which is the `rationale`.

    `fits` says whether other columns speak against it. `blank` says by column what an empty cell means there.
    """

    name: str
    reads: tuple[str, ...]
    columns: tuple[str, ...]
    rationale: str
    cells: Callable[..., tuple[Any, ...]]
    fits: Callable[[Collection[str]], bool] = lambda columns: True
    blank: Mapping[str, str] = field(default_factory=dict)

    def is_of(self, columns: Collection[str]) -> bool:
        return set(self.reads) <= set(columns) and self.fits(columns)

    def all_columns(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Those that it makes, and those that it leaves as they are."""
        return (*self.columns, *(column for column in columns if column not in (*self.reads, *self.columns)))


class LaidOut(Table):
    """A table as its layout makes it."""

    def __init__(self, table: Table, layout: Layout) -> None:
        self._table, self._layout = table, layout
        self.columns = layout.all_columns(table.columns)
        self.unit, self.side_column, self.notes = table.unit, table.side_column, table.notes
        self.rationale_column, self.blank = layout.rationale, layout.blank

    @property
    def row_count(self) -> int:
        return self._table.row_count

    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        made, reads = self._layout.columns, self._layout.reads
        kept = tuple(column for column in columns if column not in made)
        for number, cells in self._table.numbered_rows((*reads, *kept)):
            found = dict(zip(made, self._layout.cells(*cells[: len(reads)]), strict=True))
            found |= zip(kept, cells[len(reads) :], strict=True)
            yield number, tuple(found[column] for column in columns)


class RowsTable(Table):
    """Rows that were read already."""

    def __init__(self, columns: tuple[str, ...], rows: Iterable[tuple[Any, ...]], *, unit: str = "row") -> None:
        self.columns, self.unit = columns, unit
        self._rows = list(rows)

    @property
    def row_count(self) -> int:
        return len(self._rows)

    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        places = [self.columns.index(column) for column in columns]
        for number, row in enumerate(self._rows, start=1):
            yield number, tuple(row[place] for place in places)
