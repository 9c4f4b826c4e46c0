"""The Parquet files of a result: whole ones alone have their final names, each says what it is a part of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bcos_core.batch.schema import SCHEMA, table_of
from bcos_core.errors import InputError

_MARK = "bcos"
_ADVICE = "Explain the data again into the same folder, which makes what is missing."


def shard_name(number: int) -> str:
    """Of the shard that begins with row `number` · shard_rows."""
    return f"part-{number:06d}.parquet"


def write_shard(folder: Path, number: int, run: str, groups: Iterable[Sequence[Mapping[str, Any]]]) -> int:
    """Write a shard, whole or not at all: a row group for each of `groups`, each as it comes. How many rows it has.

    Args:
        run: the id of the manifest.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    path, written = folder / shard_name(number), 0
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    metadata = {_MARK: json.dumps({"run": run, "shard": number})}
    try:
        with pq.ParquetWriter(partial, SCHEMA.with_metadata(metadata), compression="zstd") as writer:
            for rows in groups:
                writer.write_table(table_of(rows, metadata), row_group_size=max(1, len(rows)))
                written += len(rows)
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
    return written


def remove_partial(folder: Path) -> None:
    """What processes have left that were killed."""
    for left in folder.glob(".part-*.partial"):
        left.unlink(missing_ok=True)


def has_shard(folder: Path, number: int, run: str) -> bool:
    """Whether a shard is there, and whole.

    Raises:
        InputError: it is, and cannot be read, or belongs to another result.
    """
    path = folder / shard_name(number)
    if not path.exists():
        return False
    open_shard(path, number, run)
    return True


def open_shard(path: Path, number: int, run: str) -> pq.ParquetFile:
    """
    Raises:
        InputError: names the file: it is missing, damaged, or of another result.
    """
    if not path.is_file():
        raise InputError(f"The file {path.name} of this result is missing. {_ADVICE}")
    try:
        file = pq.ParquetFile(path)
        said = json.loads((file.schema_arrow.metadata or {}).get(_MARK.encode(), b"null"))
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
        raise damaged(path, error) from error
    if said != {"run": run, "shard": number} or not file.schema_arrow.equals(SCHEMA):
        raise InputError(f"The file {path.name} is not of this result, but of another one. Remove it. {_ADVICE}")
    return file


def row_groups(path: Path, number: int, run: str, columns: Iterable[str]) -> Iterator[pa.Table]:
    """A shard's row groups, one at a time.

    Raises:
        InputError: as in `open_shard`.
    """
    names = list(columns)
    with open_shard(path, number, run) as file:
        for group in range(file.num_row_groups):
            try:
                yield file.read_row_group(group, columns=names)
            except (OSError, ValueError, pa.ArrowException) as error:
                raise damaged(path, error) from error


def damaged(path: Path, error: Exception) -> InputError:
    reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
    return InputError(f"The file {path.name} of this result is damaged ({reason}). Remove it. {_ADVICE}")
