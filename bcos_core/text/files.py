"""Tasks from files: CSV, TSV, JSONL, JSON, Parquet, and the folders and archives of data sets that are known; read as
data only."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.errors import DataError
from bcos_core.home import given_path
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.bundle import ARCHIVES
from bcos_core.text.columns import Columns, choose_columns
from bcos_core.text.corpora.hatexplain import holds_posts, open_posts
from bcos_core.text.corpora.known import laid_out, open_corpus
from bcos_core.text.csv_table import CsvTable
from bcos_core.text.decode import decode
from bcos_core.text.examples import TaskData
from bcos_core.text.json_table import JsonLinesTable, open_json
from bcos_core.text.labelled import Labelled, make_task, make_task_of_sides, read_labelled
from bcos_core.text.table import Table, require_size

_LOOKED_AT_BYTES = 20_000_000


def load_file(
    path: str | Path,
    text_column: str | None = None,
    label_column: str | None = None,
    rationale_column: str | None = None,
    second_column: str | None = None,
    *,
    task_type: TaskType | None = None,
    separator: str | None = None,
) -> TaskData:
    """The task in a file, or of data sets that are known in a folder or archive, then on the sides that it comes with.
    Text and label columns that are not named are guessed from the usual names.

    Raises:
        DataError: the file, its columns or its labels cannot be used.
    """
    table = open_table(path)
    columns = _columns(table, text_column, label_column, rationale_column, second_column)
    sides = _read(table, columns, task_type, separator)
    title = Path(path).name
    if len(sides) == 1:
        (labelled,) = sides.values()
        data = make_task(title, labelled, columns, task_type=task_type)
    else:
        data = make_task_of_sides(title, sides, columns, (), list(table.notes), task_type)
        return replace(data, notes=_said(data.notes, sides.values(), columns, table))
    return replace(data, notes=_said((*table.notes, *data.notes), sides.values(), columns, table))


def read_file(
    path: str | Path,
    text_column: str | None,
    label_column: str | None,
    rationale_column: str | None = None,
    second_column: str | None = None,
    *,
    task_type: TaskType | None = None,
    separator: str | None = None,
) -> tuple[Labelled, Columns]:
    """The labelled texts of a file, and the columns that they are from.

    Raises:
        DataError: the file or its columns cannot be used.
    """
    table = open_table(path)
    columns = _columns(table, text_column, label_column, rationale_column, second_column)
    rows = table.numbered_rows(columns.all)
    labelled = read_labelled(rows, columns, unit=table.unit, task_type=task_type, separator=separator)
    return labelled, columns


def _columns(table: Table, text: str | None, label: str | None, rationale: str | None, second: str | None) -> Columns:
    """Of a data set that is known, the column of rationales is known too."""
    free = table.rationale_column not in (text, label, second)
    return choose_columns(table.columns, text, label, rationale or (table.rationale_column if free else None), second)


def _read(table: Table, columns: Columns, task_type: TaskType | None, separator: str | None) -> dict[str, Labelled]:
    """The labelled texts by side; all of them as the training side, where the table knows no sides."""
    rows: dict[str, list[tuple[int, tuple[Any, ...]]]] = {}
    if table.side_column is None:
        found = read_labelled(
            table.numbered_rows(columns.all), columns, unit=table.unit, task_type=task_type, separator=separator
        )
        return {"train": found}
    for number, (side, *cells) in table.numbered_rows((table.side_column, *columns.all)):
        if side is not None:
            rows.setdefault(side, []).append((number, tuple(cells)))
    if "train" not in rows:
        raise DataError("No row is on the training side. Give the data set with its file of training rows.")
    return {
        side: read_labelled(of_side, columns, unit=table.unit, task_type=task_type, separator=separator)
        for side, of_side in rows.items()
    }


def _said(notes: tuple[str, ...], sides: Iterable[Labelled], columns: Columns, table: Table) -> tuple[str, ...]:
    """The notes, and what an empty label means where there are any."""
    reason = table.blank.get(columns.label)
    return (*notes, reason) if reason and any(side.empty_rows for side in sides) else notes


def open_table(path: str | Path) -> Table:
    """The table in a file, by its ending, or in the folder or archive of a data set that is known.

    Raises:
        DataError: no such file, empty, too large, an unsupported ending, or malformed.
    """
    path = given_path(path)
    if not path.exists():
        if path.suffix:
            require_supported(path.name)
        what = "file" if path.suffix else "file or folder"
        raise DataError(f"There is no {what} {str(path)!r}. Check the path; relative ones start at {Path.cwd()}.")
    try:
        if path.is_dir():
            return open_corpus(path)
        reader = require_supported(path.name)
        if not path.is_file():
            raise DataError(f"{str(path)!r} is no file. Give a file that ends in one of {', '.join(_READERS)}.")
        require_size(path.stat().st_size, path.name)
        return laid_out(reader(path))
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror or error}. Check who may read it.") from error


def comes_with_rationales(path: str | Path) -> bool:
    """Whether a file, folder or archive is a known data set that has rationales; False too where it cannot be read or
    is too large to be looked at beside something else."""
    path = Path(path)
    try:
        seen = path.stat()
        return seen.st_size <= _LOOKED_AT_BYTES and _comes_with_rationales(path, seen.st_mtime_ns)
    except OSError:
        return False


@lru_cache(maxsize=64)
def _comes_with_rationales(path: Path, written: int) -> bool:
    try:
        return open_table(path).rationale_column is not None
    except DataError:
        return False


def require_supported(filename: str) -> Callable[[Path], Table]:
    """The reader for a file name.

    Raises:
        DataError: its ending is not supported; lists those that are.
    """
    ending = Path(filename).suffix.lower()
    if ending not in _READERS:
        raise DataError(
            f"{filename!r} has the ending {ending!r}. Supported: {', '.join(_READERS)}. Pickles (.pkl, .pickle, .pt) "
            "are never read, because opening one can run code: save the table as CSV or Parquet."
        )
    return _READERS[ending]


def _open_json(path: Path) -> Table:
    text = decode(path.read_bytes(), path.name)
    return open_posts(text, None, path.name) if holds_posts(text) else open_json(text, path.name)


def _open_json_lines(path: Path) -> Table:
    return JsonLinesTable(decode(path.read_bytes(), path.name), path.name)


def _open_parquet(path: Path) -> Table:
    from bcos_core.text.parquet_table import ParquetTable  # pyarrow is slow to import

    return ParquetTable(path)


_READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": CsvTable,
    ".tsv": CsvTable,
    ".jsonl": _open_json_lines,
    ".ndjson": _open_json_lines,
    ".json": _open_json,
    ".parquet": _open_parquet,
    **dict.fromkeys(ARCHIVES, open_corpus),
}
