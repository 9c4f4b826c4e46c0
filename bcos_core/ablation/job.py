"""An ablation as a job."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from bcos_core.ablation.grid import VARIED
from bcos_core.ablation.plan import ablation_plan
from bcos_core.ablation.spec import AblationSpec
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.numbers import count
from bcos_core.option import options_of
from bcos_core.train.job import recipe_words

if TYPE_CHECKING:
    from bcos_core.ablation.result import Ablation


def describe(spec: AblationSpec) -> str:
    varied = ", ".join(VARIED[name].title for name in spec.vary)
    return f"Ablation · {varied} · {spec.task.title} · {count(spec.seeds, 'seed')}"


def key(spec: AblationSpec) -> str:
    return spec.key


def command(spec: AblationSpec) -> list[str]:
    """Whatever the defaults are: every option is said."""
    words = ["ablate", "--model", spec.model, "--task", spec.task.argument]
    words += [f"--{option}={column}" for option, column in spec.task.columns.items()]
    for name, values in spec.vary.items():
        words.append(f"--vary={name}={','.join(map(_typed, values))}")
    for name, option in options_of(AblationSpec).items():
        value, flag = getattr(spec, name), name.replace("_", "-")
        words.append(f"--{flag}={value}" if option.type is not bool else f"--{flag}" if value else f"--no-{flag}")
    return [*words, *recipe_words(spec.recipe, without=[field.name for field in fields(AblationSpec)])]


def _typed(value: bool | int | float | str | None) -> str:
    """A value as `read_value` reads it."""
    if value is None:
        return "none"
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def run(spec: AblationSpec, job: JobRun) -> Ablation:
    """The ablation, which lies under `home.ablations` by the job's id. The models are nobody's alone: another ablation
    takes them, too."""
    from bcos_core.ablation.run import run_ablation

    made = run_ablation(spec, home=job.home, work=job.work, job=job.id, reporter=job.reporter)
    evaluations = [job.home.evaluations / f"{job.id}-{side}" for side in ("validation", "test")]
    job.finish({"ablation": job.id, "seconds": made.seconds}, [job.home.ablations / job.id, *evaluations])
    return made


ABLATE = JobKind(
    name="ablate",
    title="Ablation",
    specification=AblationSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="ablation",
    parameter="ablation",
    plan=ablation_plan,
)
