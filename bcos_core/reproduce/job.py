"""A reproduction as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.reproduce.plan import reproduce_plan
from bcos_core.reproduce.scale import SCALES
from bcos_core.reproduce.spec import TITLES, ReproduceSpec

if TYPE_CHECKING:
    from bcos_core.reproduce.report import Report


def describe(spec: ReproduceSpec) -> str:
    return f"Reproduction · {TITLES[spec.what]}, {SCALES[spec.scale].title.lower()}"


def key(spec: ReproduceSpec) -> str:
    return spec.key


def command(spec: ReproduceSpec) -> list[str]:
    grid = spec.grid
    usual = ReproduceSpec.of(spec.what, spec.scale).grid
    words = ["reproduce", spec.what, f"--scale={spec.scale}"]
    if grid.tasks != usual.tasks:
        named = {task.name for task in usual.tasks}
        words += ["--tasks", *(task.name if task.name in named else task.choice.argument for task in grid.tasks)]
    if grid.bases != usual.bases:
        words += ["--models", *grid.bases]
    if grid.seeds != usual.seeds:
        words += ["--seeds", *map(str, grid.seeds)]
    words += [f"--examples={grid.examples}"] if grid.examples != usual.examples else []
    words += [f"--texts={grid.texts}"] if grid.texts != usual.texts else []
    return words + (["--only", *spec.only] if spec.only else [])


def run(spec: ReproduceSpec, job: JobRun) -> Report:
    """The report, which lies under `home.reproductions` by the job's id."""
    from bcos_core.reproduce.run import run_reproduction

    report = run_reproduction(
        spec, command=REPRODUCE.line(spec), home=job.home, work=job.work, job=job.id, reporter=job.reporter
    )
    job.finish({"reproduction": job.id, "seconds": report.seconds}, [job.home.reproductions / job.id])
    return report


REPRODUCE = JobKind(
    name="reproduce",
    title="Reproduction",
    specification=ReproduceSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    page="reproduce",
    parameter="reproduction",
    plan=reproduce_plan,
)
