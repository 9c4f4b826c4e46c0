"""A whole data set explained, as a job."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.attribution.registry import METHODS
from bcos_core.batch.plan import batch_plan
from bcos_core.batch.spec import LAST_TOKEN, BatchSpec
from bcos_core.errors import DataError, StorageError
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.model.identity import folder_identity
from bcos_core.option import options_of
from bcos_core.storage.content import file_hash

if TYPE_CHECKING:
    from bcos_core.batch.run import StoredBatch


def describe(spec: BatchSpec) -> str:
    methods = " and ".join(METHODS[name].title for name in spec.methods)
    return f"Batch · {spec.data.title} · {spec.model.name} · {methods}"


def key(spec: BatchSpec) -> str:
    content = ""
    if spec.data.kind == "file":
        try:
            path = Path(spec.data.name)
            content = "" if path.is_dir() else file_hash(path)
        except OSError as error:
            raise DataError(
                f"The file {spec.data.name!r} cannot be read ({error.strerror}). Check the path."
            ) from error
    asked = [folder_identity(spec.model.path), spec.data.argument, spec.data.split, content, spec.options, spec.output]
    return "batch:" + json.dumps([spec.checkpoint, *asked])


def command(spec: BatchSpec) -> list[str]:
    words = ["explain-dataset", spec.checkpoint, f"--data={spec.data.argument}", "--methods", *spec.methods]
    words += [f"--split={spec.data.split}"] if spec.data.split else []
    named = {
        "column": spec.text_column,
        "second-column": spec.second_column,
        "id-column": spec.id_column,
        "label-column": spec.label_column,
        "target": spec.target,
        "minus": spec.minus,
        "span": None if spec.span == LAST_TOKEN else spec.span,
        "output": spec.output,
    }
    words += [f"--{name}={value}" for name, value in named.items() if value is not None]
    for name, option in options_of(BatchSpec).items():
        if (value := getattr(spec, name)) != option.default:
            words.append(f"--{'ray' if name == 'workers' else name.replace('_', '-')}={value}")
    return words


def run(spec: BatchSpec, job: JobRun) -> StoredBatch:
    from bcos_core.batch.run import result_of_run, run_batch

    if spec.output is not None:
        summary = run_batch(spec, Path(spec.output), job.reporter)
        job.finish(result_of_run(summary), [spec.output])
        return summary
    # What is not finished lies with the job, goes on with it, and is removed with it. A finished folder is one start's:
    # one that was overtaken, and comes back, touches no other.
    unfinished, finished = job.work / "result", _finished(job, job.attempt)
    earlier = [path for attempt in range(1, job.attempt) if (path := _finished(job, attempt)).exists()]
    try:
        for left in (finished, *reversed(earlier)):  # by a start that ended before it could say so
            if left.exists() and not unfinished.exists():
                left.replace(unfinished)
        summary = replace(run_batch(spec, unfinished, job.reporter), folder=str(finished))
        finished.parent.mkdir(parents=True, exist_ok=True)
        job.require_current()
        shutil.rmtree(finished, ignore_errors=True)
        unfinished.replace(finished)
    except OSError as error:
        raise StorageError(f"Cannot write {finished} ({error.strerror}). Check who may write there.") from error
    job.finish(result_of_run(summary), [finished])
    for left in earlier:  # which no start can finish any more
        shutil.rmtree(left, ignore_errors=True)
    return summary


def _finished(job: JobRun, attempt: int) -> Path:
    return job.home.batches / (job.id if attempt == 1 else f"{job.id}-{attempt}")


BATCH = JobKind(
    name="batch",
    title="Batch",
    specification=BatchSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    plan=batch_plan,
    page="batch",
    parameter="batch",
)
