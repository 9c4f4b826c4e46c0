"""`python -m bcos_core lab`: plant a shortcut, and see which method finds it."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.lab.job import LAB, RECIPE_OPTIONS
from bcos_core.lab.measures import MEASURES
from bcos_core.lab.plants import PLANTS
from bcos_core.lab.spec import METHODS_OF_LAB, LabSpec
from bcos_core.numbers import count, percent
from bcos_core.option import add_flag, options_of
from bcos_core.train.recipe import Recipe

EPILOG = """examples:
  python -m bcos_core lab --plant rare-word
  python -m bcos_core lab --plant negation --share 0.3 --examples 4000 --methods bcos lime --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `lab` command."""
    parser = subparsers.add_parser(
        "lab",
        help="plant a shortcut in the training data, and see which method finds it",
        description="Train a B-cos model and its twin on data with a planted shortcut, verify that they use it, and "
        "score every method on finding it: here the right explanation is known.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "--plant", default="rare-word", metavar="NAME", help=f"{', '.join(PLANTS)} (default: rare-word)"
    )
    for name, option in options_of(LabSpec).items():
        add_flag(parser, name, option, default=option.default)
    parser.add_argument("--task", default="short-reviews", help="an embedded name, hub:OWNER/NAME, or file:PATH")
    parser.add_argument(
        "--model", default="minilm", help="minilm or smollm2 (embedded), a folder, or a hub id (default: minilm)"
    )
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="methods to score")
    group = parser.add_argument_group("options of the recipe, by default the quick start's")
    for name in RECIPE_OPTIONS:
        add_flag(group, name, options_of(Recipe)[name])
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The experiment as a job: `LabResult` as plain data, the job's id, and `names`: what its models are called, by
    their folders.

    Raises:
        InputError: a plant, task, model or method that cannot be used.
    """
    from bcos_core.home import get_home
    from bcos_core.model.info import list_checkpoints
    from bcos_core.model.sources import resolve_model
    from bcos_core.text.tasks import TaskChoice
    from bcos_core.train.quickstart import quickstart_spec

    source = resolve_model(args.model)
    spec = LabSpec(
        plant=args.plant,
        share=args.share,
        task=TaskChoice.parse(args.task),
        model=source.argument,
        recipe=quickstart_spec().recipe.replace(**{name: getattr(args, name) for name in RECIPE_OPTIONS}),
        methods=tuple(args.methods or METHODS_OF_LAB),
        limit=args.limit,
    )
    result, job = LAB.run_here(spec)
    called = {info.path.name: info.name for info in list_checkpoints(get_home())}
    names = {one.checkpoint: called.get(one.checkpoint, one.checkpoint) for one in result.verification}
    return {**result.to_dict(), "names": names, "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    lines = [f"Planted: {PLANTS[result['plant']].description} Words: {', '.join(result['words'])}."]
    for model in result["verification"]:
        lines.append(
            f"{result['names'][model['checkpoint']]}: the answer follows the plant in {percent(model['follows'])} of "
            f"{count(model['texts'], 'text')} (by chance, in 50 %), and flips with it in {percent(model['flips'])}."
        )
        rows = [row for row in result["rows"] if row["checkpoint"] == model["checkpoint"]]
        for method in dict.fromkeys(row["method"] for row in rows):
            lines.append(f"  {method:<20} {_found({row['measure']: row for row in rows if row['method'] == method})}")
    lines.append(f"{result['seconds']:.0f} s in all.")
    return "\n".join(lines)


def _found(measures: dict[str, dict[str, Any]]) -> str:
    """How well a method found the plant, or that there was nothing to find it in."""
    texts, failed = measures["top_3"]["n"], measures["top_3"]["failed"]
    if not texts:
        if failed:
            return f"no scores: they failed for all {failed} texts that the model decides by the plant"
        return "no scores: the model decides no text by the plant that has words to be found"
    return (
        f"top 3 {_mean(measures, 'top_3'):>7}   precision {_mean(measures, 'precision'):>7}   "
        f"positive share {_mean(measures, 'positive_share'):>7}   rank {_mean(measures, 'rank')}   n {texts}"
    )


def _mean(measures: dict[str, dict[str, Any]], name: str) -> str:
    return MEASURES[name].written(measures[name]["mean"])
