"""Training as a job, and the quick start, which is a training that asks for nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bcos_core.jobs.job import Job
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.model.about import read_about
from bcos_core.train.language.recipe import LanguageRecipe
from bcos_core.train.language.spec import LanguageSpec
from bcos_core.train.plan import training_plan
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

if TYPE_CHECKING:
    from bcos_core.train.pipeline import TrainResult

Named = TypeVar("Named", TrainSpec, LanguageSpec)

NAMED = ("name", "bcos")
"""What the name of a recipe says: they have no flags of their own."""


def describe(spec: TrainSpec) -> str:
    recipe = spec.recipe
    kind = f"B-cos ({recipe.name}, B = {recipe.b:g})" if recipe.bcos else "conventional"
    named = f"{spec.name} · " if spec.name else ""
    return f"{named}{spec.task.title} · {spec.model} · {kind}"


def key(spec: TrainSpec) -> str:
    return spec.key


def command(spec: TrainSpec) -> list[str]:
    """Whatever the defaults are: every option is said."""
    words = ["train", "--model", spec.model, "--task", spec.task.argument]
    words += [f"--{option}={column}" for option, column in spec.task.columns.items()]
    if spec.name:
        words.append(f"--name={spec.name}")
    if spec.notes:
        words.append(f"--notes={spec.notes}")
    if spec.processes > 1:
        words.append(f"--processes={spec.processes}")
    return [*words, *recipe_words(spec.recipe)]


def recipe_words(recipe: Recipe | LanguageRecipe, *, without: Collection[str] = ()) -> list[str]:
    """The flags of a recipe, all its options said but those that are named."""
    words = ["--recipe", recipe.name]
    for field in fields(recipe):
        value, flag = getattr(recipe, field.name), field.name.replace("_", "-")
        if field.name in (*NAMED, *without) or value is None:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            words.append(f"--{flag}={value}")
    return words


def called_now(spec: Named, result: Mapping[str, Any]) -> Named:
    """The training under the name that its model has by now; the B-cos model's, where it made two."""
    for kind in ("bcos", "conventional"):
        made = result.get(kind)
        folder = made.get("checkpoint") if isinstance(made, dict) else None
        if isinstance(folder, str) and Path(folder).is_dir():
            return replace(spec, name=read_about(Path(folder)).name)
    return spec


def run(spec: TrainSpec, job: JobRun) -> TrainResult:
    from bcos_core.train.pipeline import run_training

    result = run_training(spec, home=job.home, work=job.work, job=job.id, reporter=job.reporter)
    job.finish(result.to_dict(), result.artefacts)
    return result


def made(job: Job) -> TrainResult:
    from bcos_core.jobs.made import result_of
    from bcos_core.train.pipeline import TrainResult

    return result_of(job, TrainResult)


TRAIN = JobKind(
    name="train",
    title="Training",
    specification=TrainSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    processes=lambda spec: spec.processes,
    made=made,
    plan=training_plan,
    called_now=called_now,
    reserves=lambda spec: spec.reserved,
)
QUICKSTART = JobKind(
    name="quickstart",
    title="Quick start",
    specification=TrainSpec,
    describe=lambda spec: "Quick start",
    key=key,
    command=lambda spec: ["quickstart"],
    run=run,
    processes=lambda spec: spec.processes,
    made=made,
    plan=training_plan,
)
