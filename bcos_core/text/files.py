"""Tasks from files: CSV, TSV, JSONL, JSON, Parquet, read as data only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.columns import Columns, choose_columns
from bcos_core.text.csv_table import CsvTable
from bcos_core.text.examples import TaskData
from bcos_core.text.json_table import open_json, open_json_lines
from bcos_core.text.labelled import Labelled, make_task, read_labelled
from bcos_core.text.table import Table, require_size


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
    """The task in a file. Text and label columns that are not named are guessed from the usual names.

    Raises:
        DataError: the file, its columns or its labels cannot be used.
    """
    labelled, columns = read_file(
        path, text_column, label_column, rationale_column, second_column, task_type=task_type, separator=separator
    )
    return make_task(Path(path).name, labelled, columns, task_type=task_type)


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
    columns = choose_columns(table.columns, text_column, label_column, rationale_column, second_column)
    rows = table.numbered_rows(columns.all)
    labelled = read_labelled(rows, columns, unit=table.unit, task_type=task_type, separator=separator)
    return labelled, columns


def open_table(path: str | Path) -> Table:
    """The table in a file, by its ending.

    Raises:
        DataError: no such file, empty, too large, an unsupported ending, or malformed.
    """
    path = Path(path)
    reader = require_supported(path.name)
    if path.is_dir():
        raise DataError(f"{str(path)!r} is a folder. Give a file that ends in one of {', '.join(_READERS)}.")
    if not path.is_file():
        raise DataError(f"There is no file {str(path)!r}. Check the path; relative ones start at {Path.cwd()}.")
    try:
        require_size(path.stat().st_size, path.name)
        return reader(path)
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror or error}. Check who may read it.") from error


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


def _open_parquet(path: Path) -> Table:
    from bcos_core.text.parquet_table import ParquetTable  # pyarrow is slow to import

    return ParquetTable(path)


_READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": CsvTable,
    ".tsv": CsvTable,
    ".jsonl": open_json_lines,
    ".ndjson": open_json_lines,
    ".json": open_json,
    ".parquet": _open_parquet,
}
