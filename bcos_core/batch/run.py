"""From a data set to the folder of its contributions: the work of the command `explain-dataset`."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from bcos_core.batch.columns import HEADED, may_be_text
from bcos_core.batch.explainer import Beat, Explainer, chunks
from bcos_core.batch.folder import prepared
from bcos_core.batch.manifest import Manifest
from bcos_core.batch.shards import has_shard, write_shard
from bcos_core.batch.spec import BatchSpec, require_few_shards, require_fitting
from bcos_core.batch.summary import Summary, summarise, write_summary
from bcos_core.errors import DataError, InputError, StorageError
from bcos_core.numbers import count, duration, number
from bcos_core.progress import Reporter
from bcos_core.text.row_source import open_rows
from bcos_core.text.rows import Rows

_ROWS = "Give a data set with a row for each text."
STAGES = ("Reading the data", "Explaining", "Counting words")


@dataclass(frozen=True)
class StoredBatch:
    """What a job of this kind says that it made: the folder, the numbers of rows (`Summary`), and how long it took.
    `here` are the rows that were explained by this start: a shard that was there cost nothing."""

    folder: str
    rows: int
    explained: int
    cut: int
    left_out: int
    explanations: int
    here: int
    rows_per_second: float
    seconds: float


def run_batch(spec: BatchSpec, folder: Path, reporter: Reporter) -> StoredBatch:
    """Explain every row, and write the result into `folder`; go on with what is there of the same result.

    Raises:
        DataError, InputError: data, columns, a model or methods that do not fit; a folder that holds something else;
            more files than are kept of a result.
        JobCancelled: from the reporter; the shards that are whole are kept.
        StorageError: the disk is full.
    """
    began = time.monotonic()
    reporter.stage(STAGES[0], 0, len(STAGES))
    rows = open_rows(spec.data)
    require_fitting(spec, rows.columns)
    if rows.count == 0:
        raise DataError(f"{spec.data.title} has no rows. {_ROWS}")
    require_few_shards(spec, -(-(rows.count or 0) // spec.shard_rows))
    known = "" if rows.count is None else f", {count(rows.count, 'row')}"
    named = ", ".join(repr(column) for column in spec.columns)
    reporter.log(f"{spec.data.title}{known}; read: {named}.")
    if spec.data.kind == "file" and Path(spec.data.name).suffix.lower() in HEADED and may_be_text(spec.text_column):
        reporter.log(
            f"The first line of the file names its columns, so {spec.text_column!r} is not explained. If it is a text, "
            "put a line with the columns' names above it."
        )
    explainer = Explainer(spec)
    for note in explainer.model.notes:
        reporter.log(note)
    manifest = explainer.manifest(rows)
    try:
        with prepared(folder, manifest, reporter, shared=spec.output is not None):
            reporter.stage(STAGES[1], 1, len(STAGES))
            explaining = Explaining(spec, folder, manifest, rows, reporter)
            if spec.workers:
                from bcos_core.batch.cluster import explain_on_cluster

                del explainer  # its workers load their own
                explain_on_cluster(explaining)
            else:
                explaining.here(explainer)
            reporter.stage(STAGES[2], 2, len(STAGES))
            summary = _summary(folder, manifest, explaining, reporter)
    except OSError as error:
        raise StorageError(
            f"Cannot write to {folder} ({error.strerror or error}). Free some disk space, or choose another folder; "
            "the same command goes on from what is whole."
        ) from error
    seconds = time.monotonic() - began
    parts = {name: getattr(summary, name) for name in ("rows", "explained", "cut", "left_out", "explanations")}
    return StoredBatch(str(folder), **parts, here=explaining.done, rows_per_second=explaining.rate, seconds=seconds)


class Explaining:
    """The shards of a result that are still to be made."""

    def __init__(self, spec: BatchSpec, folder: Path, manifest: Manifest, rows: Rows, reporter: Reporter) -> None:
        self.spec, self.folder, self.manifest, self.rows, self.reporter = spec, folder, manifest, rows, reporter
        self.shards = 0
        self.done = self.given = 0
        self._began = time.monotonic()
        self._seconds = 0.0

    @property
    def rate(self) -> float:
        """Rows that were explained in a second; 0 where all were there."""
        return self.done / max(self._seconds, 1e-9) if self.done else 0.0

    def beat(self, rows: int) -> None:
        """So many more rows are explained."""
        self.done += rows
        self._seconds = time.monotonic() - self._began
        reached = self.done + self.given
        self.reporter.progress(reached, max(self.rows.count or reached + self.spec.shard_rows, reached))

    def was_there(self, rows: int) -> None:
        """So many more rows are in shards of an earlier start."""
        self.given += rows
        reached = self.done + self.given
        self.reporter.given(reached, max(self.rows.count or reached + self.spec.shard_rows, reached))

    def told(self) -> None:
        """A line for the log, after each shard."""
        reached, total = self.done + self.given, self.rows.count
        left = "" if total is None else f", about {duration((total - reached) / max(self.rate, 1e-9))} left"
        of = "" if total is None else f" of {total:,}"
        self.reporter.log(f"{reached:,}{of} rows, {number(self.rate)} rows a second{left}.")

    def has(self, shard: int) -> bool:
        return has_shard(self.folder, shard, self.manifest.id)

    def size(self, shard: int) -> int:
        """Rows of the data in a shard, where their number is known."""
        assert self.rows.count is not None
        return min(self.spec.shard_rows, self.rows.count - shard * self.spec.shard_rows)

    def here(self, explainer: Explainer) -> None:
        """In this process, one shard after the other."""
        size, total = self.spec.shard_rows, self.rows.count
        stream: Iterator[tuple[Any, ...]] | None = None
        while total is None or self.shards * size < total:
            if self.has(self.shards):
                stream = None
                self.was_there(size if total is None else self.size(self.shards))
            else:
                stream = stream or self.rows.cells(self.spec.columns, self.shards * size)
                wanted = islice(stream, size)
                first = next(wanted, None)
                if first is None:
                    break
                require_few_shards(self.spec, self.shards + 1)
                run, rows = self.manifest.id, self.rows
                write_one(explainer, self.folder, run, self.shards, rows, first, wanted, self.beat)
                self.told()
            self.shards += 1
        if not self.shards:
            raise DataError(f"{self.spec.data.title} has no rows. {_ROWS}")
        if total is not None and self.shards * size < total:
            raise DataError(f"The data had {total:,} rows, and have fewer now. Explain them into another folder.")


def write_one(
    explainer: Explainer,
    folder: Path,
    run: str,
    shard: int,
    data: Rows,
    first: tuple[Any, ...],
    rest: Iterator[Any],
    beat: Beat,
) -> None:
    """A shard of the result: of the row `first` of the data and the `rest` of its rows."""

    def groups() -> Iterator[list[dict[str, Any]]]:
        row = shard * explainer.spec.shard_rows + 1
        for chunk in chunks(_joined(first, rest)):
            yield from explainer.groups(chunk, row, beat)
            row += len(chunk)
        data.require_unchanged()  # before the shard has its name

    write_shard(folder, shard, run, groups())


def _joined(first: tuple[Any, ...], rest: Iterator[Any]) -> Iterator[tuple[Any, ...]]:
    yield first
    yield from rest


def _summary(folder: Path, manifest: Manifest, explaining: Explaining, reporter: Reporter) -> Summary:
    done, total = 0, max(1, explaining.done + explaining.given)

    def beat(rows: int) -> None:
        nonlocal done
        done += rows
        reporter.progress(min(done, total), total)

    summary = summarise(folder, manifest, explaining.shards, beat)
    if manifest.rows not in (None, summary.rows):
        raise InputError(
            f"The shards in {str(folder)!r} have {summary.rows:,} rows of the data's {manifest.rows:,}. Remove them, "
            "and explain the data again."
        )
    write_summary(summary, folder)
    return summary


def result_of_run(summary: StoredBatch) -> dict[str, Any]:
    """What the job keeps."""
    return asdict(summary)
