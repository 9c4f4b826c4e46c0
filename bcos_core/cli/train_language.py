"""`python -m bcos_core train --task-type language-model`: convert, calibrate and train a language model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bcos_core.errors import InputError
from bcos_core.option import add_flag, options_of
from bcos_core.text.running import LANGUAGE_TASK
from bcos_core.train.language.recipe import LANGUAGE_RECIPES, LOSSES, LanguageRecipe
from bcos_core.train.recipe import Recipe

if TYPE_CHECKING:
    from bcos_core.jobs.kind import JobKind
    from bcos_core.train.language.pipeline import LanguageResult
    from bcos_core.train.language.spec import LanguageSpec

_ALL = options_of(LanguageRecipe)
OPTIONS = [name for name in _ALL if name != "bcos"]
OWN = [name for name in OPTIONS if name not in options_of(Recipe)]
"""Those that classifiers have not."""
_OF_LABELS = ("second_column", "label_column", "rationale_column", "label_separator")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what language models alone are asked; what they share with classifiers is there."""
    group = parser.add_argument_group(
        f"language models (--task-type {LANGUAGE_TASK})",
        "Of running text: an embedded task's, the --text-column of a file or data set, a .txt file, or a folder of "
        f"such. --recipe is {', '.join(LANGUAGE_RECIPES)}; --loss {' or '.join(LOSSES)}; --b {LanguageRecipe.b:g} "
        "unless another is named; --twin also trains the original on; --epochs 0 converts alone.",
    )
    for name in OWN:
        add_flag(group, name, _ALL[name])


def refuse_own(args: argparse.Namespace) -> None:
    """
    Raises:
        InputError: an option of language models was given for a classifier.
    """
    for name in OWN:
        if getattr(args, name) is not None:
            flag = f"--{name.replace('_', '-')}"
            raise InputError(f"{flag} is for language models: give --task-type {LANGUAGE_TASK} too.")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train as a job; the result of `LanguageResult.to_dict`, and the job's id.

    Raises:
        InputError: a model, texts or a recipe that cannot be used.
    """
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.about import clean
    from bcos_core.model.info import read_language_info
    from bcos_core.model.sources import pretrained_folder, resolve_model
    from bcos_core.text.running import TextSource
    from bcos_core.train.language.job import LANGUAGE_MODEL
    from bcos_core.train.language.spec import LanguageSpec
    from bcos_core.train.naming import require_free

    for name in (*_OF_LABELS, *(name for name in options_of(Recipe) if name not in _ALL)):
        if getattr(args, name) is not None:
            raise InputError(f"--{name.replace('_', '-')} is for tasks with labels. Leave it out.")
    source = resolve_model(args.model)  # bad input ends the command before a job is made
    read_language_info(pretrained_folder(source))
    texts = TextSource.parse(args.task, text_column=args.text_column, hub_config=args.hub_config)
    texts.require_within_reach()
    recipe = LANGUAGE_RECIPES[args.recipe or "calibrated"].replace(**{name: getattr(args, name) for name in OPTIONS})
    spec = LanguageSpec(source.argument, texts, recipe, clean(args.name), args.notes, args.processes)
    require_free(spec.name, JobStore.open())
    return do(LANGUAGE_MODEL, spec)


def do(kind: JobKind[LanguageSpec, LanguageResult], spec: LanguageSpec) -> dict[str, Any]:
    """Train in a job of this process."""
    result, job = kind.run_here(spec)
    return {**result.to_dict(), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.numbers import number
    from bcos_core.tasks.next_token import PERPLEXITY, RATIO

    lines = [
        f"original      perplexity {number(result['original'])} on {result['test_tokens']:,} tokens of "
        f"{result['test_sequences']:,} sequences"
    ]
    for kind, title in (("bcos", "B-cos"), ("conventional", "continued")):
        model = result[kind]
        if not model:
            continue
        ends = model["intervals"].get(RATIO.name)
        interval = f" (95 % interval {number(ends[0])} to {number(ends[1])})" if ends else ""
        before = f"; before training {number(model['before'])}" if model["before"] is not None else ""
        lines.append(
            f"{title:<13} perplexity {number(model['metrics'][PERPLEXITY.name])}, "
            f"{number(model['metrics'][RATIO.name])} × the original's{interval}{before}"
        )
        lines.append(f"{'':<13} {model['checkpoint']}")
    if result["calibration_cosine"] is not None:
        lines.append(
            f"calibration   cosine of hidden states {result['calibration_cosine']:.3f}, "
            f"{result['calibration_seconds']:.0f} s"
        )
    lines.append(
        f"{result['seconds']:.0f} s in all. "
        "Try: python -m bcos_core explain CHECKPOINT --next-token --text 'The film is'"
    )
    return "\n".join(lines)
