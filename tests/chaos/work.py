"""The jobs of the campaign: small real trainings, and evaluations of what one of them has made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bcos_core.evaluate.job import EVALUATE
from bcos_core.evaluate.result import load_evaluation
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.jobs.job import Job
from bcos_core.jobs.made import made_by
from bcos_core.jobs.store import JobStore
from bcos_core.train.job import TRAIN
from bcos_core.train.language.job import LANGUAGE_MODEL
from tests.train.small_language_task import language_spec, write_language_inputs
from tests.train.small_task import spec_of, write_inputs

METHODS = ("bcos", "input_x_gradient", "integrated_gradients", "occlusion")


@dataclass(frozen=True)
class Work:
    """`submit` asks for it; `figures` are what a job has found out, by name."""

    name: str
    submit: Callable[[JobStore], Job]
    figures: Callable[[JobStore, Job], Mapping[str, float]]


def trainings(inputs: Path) -> list[Work]:
    """Of a classifier and of a language model, some seconds of steps each, with checkpoints all the way."""
    classifier = spec_of(write_inputs(inputs / "classifier"), epochs=12.0)
    language = language_spec(write_language_inputs(inputs / "language"), epochs=20.0, b=1.3)
    return [
        Work("training", lambda store: TRAIN.submit(store, classifier)[0], _trained),
        Work("language model", lambda store: LANGUAGE_MODEL.submit(store, language)[0], _trained),
    ]


def evaluation_of(checkpoint: str) -> Work:
    spec = EvaluationSpec((checkpoint,), METHODS, limit=20)
    return Work("evaluation", lambda store: EVALUATE.submit(store, spec)[0], _evaluated)


def _trained(store: JobStore, job: Job) -> Mapping[str, float]:
    """The metrics, and where each curve ends: an accuracy of few texts would not tell of small differences."""
    made = made_by(job)
    models = {"B-cos": made.bcos, "conventional": made.conventional}
    metrics = {
        f"{name} {metric}": value for name, one in models.items() if one for metric, value in one.metrics.items()
    }
    return metrics | {series: points[-1][1] for series, points in store.metrics(job.id).items()}


def _evaluated(store: JobStore, job: Job) -> Mapping[str, float]:
    rows = load_evaluation(Path(job.artefacts[0])).rows()
    return {f"{row['method']} {row['score']}": row["mean"] for row in rows}
