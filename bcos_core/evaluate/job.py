"""Evaluation as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.plan import evaluation_plan
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.model.info import read_info
from bcos_core.option import method_flags

if TYPE_CHECKING:
    from bcos_core.evaluate.result import Evaluation


def describe(spec: EvaluationSpec) -> str:
    models = ", ".join(read_info(path).name for path in spec.checkpoints)
    methods = (
        f"{len(spec.methods)} methods"
        if len(spec.methods) > 2
        else " and ".join(METHODS[name].title for name in spec.methods)
    )
    return f"Evaluation · {methods} · {models}"


def key(spec: EvaluationSpec) -> str:
    return spec.key


def command(spec: EvaluationSpec) -> list[str]:
    words = ["evaluate", *spec.checkpoints, "--methods", *spec.methods, "--scores", *spec.scores]
    words += [
        f"--limit={spec.limit}",
        f"--side={spec.side}",
        f"--removal={spec.removal}",
        f"--probability={spec.probability}",
    ]
    words += [f"--seed={spec.seed}", f"--pointing-pairs={spec.pairs}"]
    words += [f"--bounded-texts={spec.bounded_texts}", f"--bounded-length={spec.bounded_length}"]
    words.append(f"--beam-width={spec.beam_width}")
    if spec.pointing_length is not None:
        words.append(f"--pointing-length={spec.pointing_length}")
    if spec.task is not None:
        words.append(f"--task={spec.task.argument}")
        words += [f"--{option}={column}" for option, column in spec.task.columns.items()]
    return [*words, *method_flags(spec.options)]


def run(spec: EvaluationSpec, job: JobRun) -> Evaluation:
    """The evaluation, which lies under `home.evaluations` by the job's id."""
    from bcos_core.evaluate.run import run_evaluation

    evaluation = run_evaluation(spec, home=job.home, name=job.id, reporter=job.reporter)
    job.finish({"evaluation": job.id, "seconds": evaluation.seconds}, [job.home.evaluations / job.id])
    return evaluation


EVALUATE = JobKind(
    name="evaluate",
    title="Evaluation",
    specification=EvaluationSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="evaluate",
    parameter="evaluation",
    plan=evaluation_plan,
)
