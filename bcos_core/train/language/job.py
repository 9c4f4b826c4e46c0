"""Training a language model as a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcos_core.jobs.job import Job
from bcos_core.jobs.kind import JobKind
from bcos_core.jobs.run import JobRun
from bcos_core.text.running import LANGUAGE_TASK
from bcos_core.train.job import called_now, recipe_words
from bcos_core.train.language.plan import language_plan
from bcos_core.train.language.spec import LanguageSpec

if TYPE_CHECKING:
    from bcos_core.train.language.pipeline import LanguageResult


def describe(spec: LanguageSpec) -> str:
    recipe = spec.recipe
    kind = f"B-cos language model ({recipe.name}, B = {recipe.b:g})" if recipe.bcos else "language model, continued"
    named = f"{spec.name} · " if spec.name else ""
    return f"{named}{spec.texts.title} · {spec.model} · {kind}"


def key(spec: LanguageSpec) -> str:
    return spec.key


def command(spec: LanguageSpec) -> list[str]:
    """Whatever the defaults are: every option is said."""
    words = ["train", "--task-type", LANGUAGE_TASK, "--model", spec.model, "--task", spec.texts.argument]
    words += [f"--text-column={spec.texts.text_column}"] * bool(spec.texts.text_column)
    words += [f"--name={spec.name}"] * bool(spec.name) + [f"--notes={spec.notes}"] * bool(spec.notes)
    words += [f"--processes={spec.processes}"] * (spec.processes > 1)
    return [*words, *recipe_words(spec.recipe)]


def run(spec: LanguageSpec, job: JobRun) -> LanguageResult:
    from bcos_core.train.language.pipeline import run_language_training

    result = run_language_training(spec, home=job.home, work=job.work, job=job.id, reporter=job.reporter)
    job.finish(result.to_dict(), result.artefacts)
    return result


def made(job: Job) -> LanguageResult:
    from bcos_core.jobs.made import result_of
    from bcos_core.train.language.pipeline import LanguageResult

    return result_of(job, LanguageResult)


LANGUAGE_MODEL = JobKind(
    name="language-model",
    title="Language model",
    specification=LanguageSpec,
    describe=describe,
    key=key,
    command=command,
    run=run,
    processes=lambda spec: spec.processes,
    made=made,
    plan=language_plan,
    called_now=called_now,
    reserves=lambda spec: spec.reserved,
)
