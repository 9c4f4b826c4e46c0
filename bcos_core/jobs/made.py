"""What a job says that it made, read from its row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from bcos_core.errors import JobError
from bcos_core.jobs.job import Job
from bcos_core.storage.stored_json import from_plain


@dataclass(frozen=True)
class MadeModel:
    """A checkpoint's folder, and its accuracy on `test_size` texts."""

    checkpoint: str
    accuracy: Annotated[float, Meta(ge=0.0, le=1.0)] | None
    test_size: Annotated[int, Meta(ge=0)] | None


@dataclass(frozen=True)
class Made:
    """What there is of a training's result; other jobs have the time alone."""

    bcos: MadeModel | None = None
    conventional: MadeModel | None = None
    calibration_cosine: float | None = None
    seconds: Annotated[float, Meta(ge=0.0)] | None = None


def made_by(job: Job) -> Made:
    """
    Raises:
        JobError: its result is damaged.
    """
    what, advice = f"The result of job {job.id}", "Run the job again (Retry)."
    return from_plain(job.result or {}, Made, error=JobError, what=what, advice=advice)
