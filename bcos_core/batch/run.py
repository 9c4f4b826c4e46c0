"""From a file to its records: the work of the `batch` command and page."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from bcos_core.attribution.api import explain
from bcos_core.attribution.question import resolve_target
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.batch.result import save_batch
from bcos_core.batch.spec import BatchSpec, read_texts
from bcos_core.errors import InputError
from bcos_core.home import Home
from bcos_core.model.classifier import load
from bcos_core.numbers import count
from bcos_core.progress import Reporter

CHUNK = 16  # texts between two looks at whether somebody has cancelled


@dataclass(frozen=True)
class BatchSummary:
    """What a batch came to: texts, records that have no finite numbers, rows that were empty, seconds."""

    texts: int
    failed: int
    empty_rows: int
    seconds: float


def run_batch(spec: BatchSpec, *, home: Home, name: str, reporter: Reporter) -> BatchSummary:
    """Explain every text by every method, and store the records as `home.batches / name`.

    Raises:
        DataError, InputError: as in `read_texts`; a method that cannot serve the model, an output that it lacks.
        JobCancelled: from the reporter; nothing is kept.
        StorageError: the disk is full.
    """
    started = time.monotonic()
    info = spec.model
    for method in spec.methods:
        if reason := METHODS[method].unsupported(
            is_bcos=info.kind == "bcos", family=info.family, answers=info.task_type
        ):
            raise InputError(f"{METHODS[method].title} cannot explain {info.name}. {reason}")
    stages = ["Reading the texts", *(f"Explaining by {METHODS[method].title}" for method in spec.methods)]
    reporter.stage(stages[0], 0, len(stages))
    found = read_texts(spec.file, spec.text_column, spec.second_column, info)
    named = " and ".join(repr(column) for column in (spec.text_column, spec.second_column) if column)
    reporter.log(f"{count(len(found.texts), 'text')} in the column{'s' if spec.second_column else ''} {named}.")
    classifier = load(info.path)
    for note in classifier.notes:
        reporter.log(note)
    target = resolve_target(classifier.labels, spec.target)
    columns: list[list[Attribution]] = []
    for stage, method in enumerate(spec.methods, start=1):
        reporter.stage(stages[stage], stage, len(stages))
        records: list[Attribution] = []
        for start in range(0, len(found.texts), CHUNK):
            records += explain(classifier, found.texts[start : start + CHUNK], method=method, target=target)
            reporter.progress(len(records), len(found.texts))
        columns.append(records)
    rows: list[tuple[Attribution, ...]] = list(zip(*columns, strict=True))
    save_batch(rows, home.batches / name)
    failed = sum(record.failed for row in rows for record in row)
    return BatchSummary(len(rows), failed, found.empty_rows, time.monotonic() - started)


def result_of_run(summary: BatchSummary, name: str) -> dict[str, Any]:
    """What the job keeps."""
    return {"batch": name, **vars(summary)}
