"""A planted-truth experiment as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.lab.plan import lab_plan
from bcos_core.lab.plants import PLANTS
from bcos_core.lab.spec import LabSpec

if TYPE_CHECKING:
    from bcos_core.lab.result import LabResult

RECIPE_OPTIONS = (
    "examples",
    "epochs",
    "learning_rate",
    "consistency",
    "max_length",
    "batch_size",
    "calibration_texts",
    "seed",
)
"""Options of the recipe that an experiment may choose; of the others it has the quick start's."""


def describe(spec: LabSpec) -> str:
    return f"Planted truth · {PLANTS[spec.plant].title} · {spec.task.title}"


def key(spec: LabSpec) -> str:
    return spec.key


def command(spec: LabSpec) -> list[str]:
    words = ["lab", f"--plant={spec.plant}", f"--share={spec.share}", f"--task={spec.task.argument}"]
    words += [f"--model={spec.model}", f"--limit={spec.limit}", "--methods", *spec.methods]
    chosen = {name: getattr(spec.recipe, name) for name in RECIPE_OPTIONS}
    words += [f"--{name.replace('_', '-')}={value}" for name, value in chosen.items() if value is not None]
    return words


def run(spec: LabSpec, job: JobRun) -> LabResult:
    from bcos_core.lab.run import run_lab

    result = run_lab(spec, home=job.home, work=job.work, job=job.id, reporter=job.reporter)
    checkpoints = [result.training[kind]["checkpoint"] for kind in ("bcos", "conventional")]
    job.finish(result.to_dict(), checkpoints)
    return result


LAB = JobKind(
    name="lab",
    title="Planted truth",
    specification=LabSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="lab",
    parameter="experiment",
    plan=lab_plan,
)
