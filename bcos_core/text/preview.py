"""What a file or a task looks like, before anything is trained on it."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.text.bundle import open_bundle
from bcos_core.text.columns import guess_label_column, guess_pair_columns, guess_text_column
from bcos_core.text.decode import encodable
from bcos_core.text.examples import TaskData
from bcos_core.text.files import open_table, read_file
from bcos_core.text.labelled import make_task
from bcos_core.text.table import Table
from bcos_core.text.words import count_words

PREVIEW_ROWS = 20
_CELL_CHARACTERS = 500
_UNREADABLE = "(cannot be read)"
_HISTOGRAM_BINS = 20


@dataclass(frozen=True)
class FilePreview:
    """A file's columns and first rows (as strings, long ones cut), and the columns that a person most likely means."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    row_count: int
    size_bytes: int
    text_column: str | None
    label_column: str | None
    second_column: str | None = None
    rationale_column: str | None = None


@dataclass(frozen=True)
class Lengths:
    """How long texts are, in words. `histogram` holds (from, to, texts), both ends included."""

    minimum: int
    median: float
    maximum: int
    histogram: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class ColumnPreview:
    """What training on two columns would get: distinct texts by class, their lengths, and what is left out."""

    classes: dict[str, int]
    lengths: Lengths
    empty_rows: int
    notes: tuple[str, ...]


def preview_file(path: str | Path) -> FilePreview:
    """The first rows of a file, and how many there are.

    Raises:
        DataError: the file cannot be used.
    """
    table = open_table(path)
    rows = _first_rows(table)
    text, second = guess_pair_columns(table.columns) or (guess_text_column(table.columns), None)
    return FilePreview(
        columns=table.columns,
        rows=rows,
        row_count=table.row_count,
        size_bytes=sum(open_bundle(Path(path)).sizes.values()) if Path(path).is_dir() else Path(path).stat().st_size,
        text_column=text,
        label_column=guess_label_column([column for column in table.columns if column not in (text, second)]),
        second_column=second,
        rationale_column=table.rationale_column,
    )


def _first_rows(table: Table) -> tuple[tuple[str, ...], ...]:
    """The first rows, a column that cannot be read said to be so: it is in nobody's way who chooses another.

    Raises:
        DataError: no column can be read.
    """
    try:
        return tuple(tuple(map(_cell, row)) for row in islice(table.rows(table.columns), PREVIEW_ROWS))
    except DataError as error:
        found: list[list[str] | None] = []
        for column in table.columns:
            try:
                found.append([_cell(value) for (value,) in islice(table.rows((column,)), PREVIEW_ROWS)])
            except DataError:
                found.append(None)
        height = max((len(cells) for cells in found if cells is not None), default=None)
        if height is None:
            raise error from None
        return tuple(zip(*([_UNREADABLE] * height if cells is None else cells for cells in found), strict=True))


def preview_columns(
    path: str | Path, text_column: str, label_column: str, second_column: str | None = None
) -> ColumnPreview:
    """Classes and lengths for chosen columns, by the very steps that training takes.

    Raises:
        DataError: training on them would be refused, for the same reason.
    """
    labelled, columns = read_file(path, text_column, label_column, None, second_column)
    data = make_task(Path(path).name, labelled, columns)
    return ColumnPreview(class_counts(data), text_lengths(data), labelled.empty_rows, data.notes)


def class_counts(data: TaskData) -> dict[str, int]:
    """How many texts of each class a task has, over its three sides."""
    counts: Counter[int] = data.train.counts() + data.validation.counts() + data.test.counts()
    return {label: counts[number] for number, label in enumerate(data.labels)}


def text_lengths(data: TaskData) -> Lengths:
    """The lengths of a task's texts in words, over its three sides."""
    return _lengths([count_words(text) for side in (data.train, data.validation, data.test) for text in side.texts])


def _lengths(words: Sequence[int]) -> Lengths:
    low, high = min(words), max(words)
    width = math.ceil((high - low + 1) / _HISTOGRAM_BINS)
    counts = Counter((count - low) // width for count in words)
    bins = tuple(
        (low + place * width, low + (place + 1) * width - 1, counts[place]) for place in range(max(counts) + 1)
    )
    return Lengths(low, statistics.median(words), high, bins)


def _cell(value: object) -> str:
    text = "" if value is None else encodable(str(value))
    return text if len(text) <= _CELL_CHARACTERS else text[: _CELL_CHARACTERS - 1] + "…"
