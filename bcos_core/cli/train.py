"""`python -m bcos_core train`: convert, calibrate, fine-tune and score a model."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from bcos_core.cli import train_language
from bcos_core.cli.task_arguments import add_training_arguments, said_of_task
from bcos_core.option import add_flag, options_of
from bcos_core.text.running import LANGUAGE_TASK
from bcos_core.train.named_work import PROCESSES
from bcos_core.train.recipe import RECIPES, Recipe

if TYPE_CHECKING:
    from bcos_core.jobs.kind import JobKind
    from bcos_core.jobs.made import MadeModel
    from bcos_core.tasks.task_type import Metric
    from bcos_core.train.pipeline import TrainResult
    from bcos_core.train.spec import TrainSpec

EPILOG = """examples:
  python -m bcos_core train --task short-reviews
  python -m bcos_core train --task tweets --recipe faithful --epochs 2 --seed 7 --json
  python -m bcos_core train --model ./my-bert --task file:reviews.csv --text-column review --label-column stars
  python -m bcos_core train --model smollm2 --task short-reviews --task-type language-model
  python -m bcos_core train --model hub:google-bert/bert-base-uncased --task long-reviews --processes 2
"""

OPTIONS = {name: option for name, option in options_of(Recipe).items() if name != "bcos"}
"""Those that have a flag: whether a model is converted is said by the recipe's name."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `train` command."""
    parser = subparsers.add_parser(
        "train",
        help="convert, calibrate, fine-tune and score a model",
        description="Convert a pretrained model, fine-tune it on a task beside its conventional twin, and score both. "
        "Options that are left out keep the recipe's value.",
        epilog=EPILOG,
    )
    add_training_arguments(parser)
    parser.add_argument(
        "--recipe", help=f"{', '.join(RECIPES)} (default: faithful; calibrated for a tokenizer without a mask token)"
    )
    parser.add_argument("--name", default="", help="what the model is called, and its twin after it")
    parser.add_argument("--notes", default="", metavar="TEXT", help="notes about the model")
    add_flag(parser, "processes", PROCESSES, default=1)
    group = parser.add_argument_group("options of the recipe")
    for name, option in OPTIONS.items():
        add_flag(group, name, option)
    train_language.add_arguments(parser)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Train as a job; the result of `TrainResult.to_dict`, the job's id, and whether the models read pairs of texts.

    Raises:
        InputError: a model, task or recipe that cannot be used.
    """
    if args.task_type == LANGUAGE_TASK:
        return train_language.run(args)
    train_language.refuse_own(args)

    from bcos_core.jobs.store import JobStore
    from bcos_core.model.about import clean
    from bcos_core.model.sources import resolve_model
    from bcos_core.text.tasks import TaskChoice
    from bcos_core.train.job import TRAIN
    from bcos_core.train.naming import require_free
    from bcos_core.train.recipe import recipe_for, usual_recipe
    from bcos_core.train.spec import TrainSpec

    source = resolve_model(args.model)  # bad input ends the command before a job is made
    task = TaskChoice.parse(args.task, hub_config=args.hub_config, **said_of_task(args))
    recipe = recipe_for(args.recipe or usual_recipe(source.mask_token), task)
    recipe = recipe.replace(**{name: getattr(args, name) for name in OPTIONS})
    spec = TrainSpec(source.argument, task, recipe, clean(args.name), args.notes, args.processes)
    require_free(spec.name, JobStore.open())
    return do(TRAIN, spec)


def do(kind: JobKind[TrainSpec, TrainResult], spec: TrainSpec) -> dict[str, Any]:
    """Train in a job of this process."""
    from bcos_core.model.info import read_info

    result, job = kind.run_here(spec)
    return {**result.to_dict(), "job": job, "pairs": any(read_info(path).pairs for path in result.artefacts)}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    if "original" in result:
        return train_language.show(result)
    from bcos_core.jobs.made import MadeModel

    lines = []
    for kind, title in (("bcos", "B-cos"), ("conventional", "conventional")):
        model = result[kind]
        if model:
            made = MadeModel(model["checkpoint"], model["test_size"], model["metrics"], intervals=model["intervals"])
            figures = ", ".join(_figure(made, metric, value) for metric, value in made.figures)
            lines.append(f"{title:<13} {figures} on {made.test_size} test examples")
            lines.append(f"{'':<13} {model['checkpoint']}")
    if result["calibration_cosine"] is not None:
        lines.append(f"calibration   cosine of hidden states {result['calibration_cosine']:.3f}")
    second = " --second 'a second text'" if result["pairs"] else ""
    lines.append(
        f"{result['seconds']:.0f} s in all. Try: python -m bcos_core explain CHECKPOINT --text 'a fine film'{second}"
    )
    return "\n".join(lines)


def _figure(made: MadeModel, metric: Metric, value: float) -> str:
    """A figure on the test set, with its interval where that is known."""
    from bcos_core.evaluate.figures import figure_in_words

    return figure_in_words(metric, value, made.test_size, made.intervals.get(metric.name))
