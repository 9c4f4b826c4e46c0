"""What a job says that it made, read from its row."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from msgspec import Meta

from bcos_core.errors import JobError
from bcos_core.jobs.job import Job
from bcos_core.storage.stored_json import from_plain
from bcos_core.tasks.next_token import NextToken
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.task_type import Metric

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class MadeModel:
    """A checkpoint's folder, and its metrics by name on `test_size` texts, with their `intervals`; `accuracy` in their
    place where the job ran before there were several."""

    checkpoint: str
    test_size: Annotated[int, Meta(ge=0)] | None
    metrics: dict[str, float] = field(default_factory=dict)
    accuracy: Annotated[float, Meta(ge=0.0, le=1.0)] | None = None
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def figures(self) -> list[tuple[Metric, float]]:
        """The metrics that are known, the main one first."""
        given = self.metrics or ({} if self.accuracy is None else {"accuracy": self.accuracy})
        of_labels = [metric for kind in TASK_TYPES.values() for metric in kind.metrics]
        known = {metric.name: metric for metric in (*of_labels, *NextToken.metrics)}
        return [(known[name], value) for name, value in given.items() if name in known]


@dataclass(frozen=True)
class Made:
    """What there is of a training's result; other jobs have the time alone. A training of language models has the
    perplexity of the `original` on `test_tokens` predicted tokens of `test_sequences` too."""

    bcos: MadeModel | None = None
    conventional: MadeModel | None = None
    calibration_cosine: float | None = None
    seconds: Annotated[float, Meta(ge=0.0)] | None = None
    original: float | None = None
    test_tokens: Annotated[int, Meta(ge=0)] = 0
    test_sequences: Annotated[int, Meta(ge=0)] = 0


def made_by(job: Job) -> Made:
    """What a training has made, also of a job that has no result yet.

    Raises:
        JobError: its result is damaged.
    """
    return result_of(job, Made)


def result_of(job: Job, kind: type[Kept]) -> Kept:
    """The result of a job as a `kind`, the dataclass whose fields it was written from.

    Raises:
        JobError: it is none: the row is damaged, or another version of the program wrote it.
    """
    what, advice = f"The result of job {job.id}", "Run the job again: on the Jobs page, “Retry”."
    return from_plain(job.result or {}, kind, error=JobError, what=what, advice=advice)
