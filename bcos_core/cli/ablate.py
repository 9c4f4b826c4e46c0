"""`python -m bcos_core ablate`: models by recipes that differ in some options, and what their figures support."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.ablation.grid import VARIED
from bcos_core.ablation.spec import AblationSpec
from bcos_core.cli.task_arguments import add_training_arguments, said_of_task
from bcos_core.option import add_flag, options_of
from bcos_core.train.recipe import RECIPES, Recipe

EPILOG = """examples:
  python -m bcos_core ablate --task short-reviews --vary b=1,1.25,1.5,2 --seeds 3
  python -m bcos_core ablate --vary b=1,1.5,2 --vary biases=dropped,kept --examples 1000 --epochs 1
  python -m bcos_core ablate --no-crossed --vary consistency=0,1,3 --vary loss="cross-entropy,binary cross-entropy"
"""

RECIPE_OPTIONS = {
    name: option for name, option in options_of(Recipe).items() if name not in ("bcos", *options_of(AblationSpec))
}
"""Those of the default that have a flag."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `ablate` command."""
    parser = subparsers.add_parser(
        "ablate",
        help="vary a recipe's options over seeds, and see what the figures support",
        description="Train a model by a recipe, the default, and by every recipe that comes of the values to vary, "
        "each with several seeds; score them all on validation texts. What was trained before is not trained again.",
        epilog=EPILOG,
    )
    add_training_arguments(parser)
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="OPTION=VALUE,VALUE…",
        help=f"an option and its values; options: {', '.join(VARIED)}",
    )
    for name, option in options_of(AblationSpec).items():
        add_flag(parser, name, option, default=option.default)
    recipes = [recipe.name for recipe in RECIPES.values() if recipe.bcos]
    parser.add_argument("--recipe", default="calibrated", help=f"{', '.join(recipes)} (default: calibrated)")
    parser.add_argument("--markdown", action="store_true", help="print the whole as Markdown")
    group = parser.add_argument_group("options of the default recipe")
    for name, option in RECIPE_OPTIONS.items():
        add_flag(group, name, option)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The ablation as a job: what the figures `support`, its `rows` (`figures_table`), the Markdown of all of it, the
    folder of the result and the job's id.

    Raises:
        InputError: an option, value, model or task that cannot be used.
    """
    from bcos_core.ablation.job import ABLATE
    from bcos_core.ablation.sentence import ablation_sentences
    from bcos_core.home import get_home
    from bcos_core.model.sources import resolve_model
    from bcos_core.render.ablation import ablation_markdown, figures_table, summary_table
    from bcos_core.text.tasks import TaskChoice
    from bcos_core.train.recipe import recipe_for

    source = resolve_model(args.model)
    task = TaskChoice.parse(args.task, hub_config=args.hub_config, **said_of_task(args))
    spec = AblationSpec(
        model=source.argument,
        task=task,
        recipe=recipe_for(args.recipe, task).replace(**{name: getattr(args, name) for name in RECIPE_OPTIONS}),
        vary=read_vary(args.vary),
        **{name: getattr(args, name) for name in options_of(AblationSpec)},
    )
    ablation, job = ABLATE.run_here(spec)
    return {
        "support": ablation_sentences(ablation),
        "summary": summary_table(ablation).to_dict("records"),
        "rows": figures_table(ablation).to_dict("records"),
        "markdown": ablation_markdown(ablation),
        "as_markdown": args.markdown,
        "protocol": ablation.protocol,
        "ablation": str(get_home().ablations / job),
        "seconds": ablation.seconds,
        "job": job,
    }


def read_vary(given: list[str]) -> dict[str, tuple[Any, ...]]:
    """`OPTION=VALUE,VALUE` → option → values; an option that is named twice has the values of both.

    Raises:
        InputError: not of that form, or an option or a value that is not there.
    """
    from bcos_core.ablation.grid import read_value
    from bcos_core.errors import InputError

    found: dict[str, tuple[Any, ...]] = {}
    for one in given:
        name, equals, values = one.partition("=")
        name = name.strip().replace("-", "_")
        if not equals:
            raise InputError(f"--vary is {one!r}; expected OPTION=VALUE,VALUE, as in b=1,1.5,2.")
        found[name] = (*found.get(name, ()), *(read_value(name, value) for value in values.split(",")))
    return found


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    if result["as_markdown"]:
        return str(result["markdown"])
    lines = [*result["support"], ""]
    for row in result["summary"]:
        lines.append(row["recipe"])
        lines += [f"  {measure:<45} {value}" for measure, value in row.items() if measure != "recipe"]
    lines += ["", result["protocol"], f"{result['seconds']:.0f} s; stored in {result['ablation']}"]
    return "\n".join(lines)
