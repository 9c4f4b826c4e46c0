"""A batch as a job."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.attribution.registry import METHODS
from bcos_core.batch.plan import batch_plan
from bcos_core.batch.spec import BatchSpec
from bcos_core.errors import DataError
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.model.identity import folder_identity
from bcos_core.storage.content import file_hash

if TYPE_CHECKING:
    from bcos_core.batch.run import BatchSummary


def describe(spec: BatchSpec) -> str:
    methods = " and ".join(METHODS[name].title for name in spec.methods)
    return f"Batch · {Path(spec.file).name} · {spec.model.name} · {methods}"


def key(spec: BatchSpec) -> str:
    try:
        content = file_hash(Path(spec.file))
    except OSError as error:
        raise DataError(f"The file {spec.file!r} cannot be read ({error.strerror}). Check the path.") from error
    asked = [folder_identity(spec.model.path), spec.methods, content, spec.text_column, spec.second_column, spec.target]
    return "batch:" + json.dumps([spec.checkpoint, *asked])


def command(spec: BatchSpec) -> list[str]:
    words = ["batch", spec.checkpoint, spec.file, "--methods", *spec.methods, f"--text-column={spec.text_column}"]
    words += [f"--second-column={spec.second_column}"] if spec.second_column is not None else []
    return words + ([f"--target={spec.target}"] if spec.target is not None else [])


def run(spec: BatchSpec, job: JobRun) -> BatchSummary:
    from bcos_core.batch.run import result_of_run, run_batch

    summary = run_batch(spec, home=job.home, name=job.id, reporter=job.reporter)
    job.finish(result_of_run(summary, job.id), [job.home.batches / job.id])
    return summary


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
