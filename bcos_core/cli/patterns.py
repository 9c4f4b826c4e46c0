"""`python -m bcos_core patterns`: what the heatmaps of a model and of another look like, over the test set."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.cli.table_format import add_format, table_in
from bcos_core.evaluate.patterns_job import PatternsSpec
from bcos_core.option import add_flag, options_of

EPILOG = """examples:
  python -m bcos_core patterns CHECKPOINT
  python -m bcos_core patterns CHECKPOINT --against OTHER --against-method integrated_gradients --limit 500
  python -m bcos_core patterns CHECKPOINT --format markdown
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `patterns` command."""
    parser = subparsers.add_parser(
        "patterns",
        help="what the heatmaps of two models look like, side by side",
        description="How concentrated heatmaps are, how much speaks against, and how much lies on added tokens, "
        "punctuation, kinds of words, rare and frequent words and parts of the text, with intervals over the test "
        "texts; and how far heatmaps agree between models, and between seeds of one recipe. What evaluations have "
        "explained is not explained again.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("--against", metavar="CHECKPOINT", help="a second model of the same task (default: its twin)")
    own = "default: bcos on a B-cos model, else pullback"
    parser.add_argument("--method", metavar="NAME", help=f"the method that explains it ({own})")
    parser.add_argument("--against-method", metavar="NAME", help=f"the method that explains the second ({own})")
    for name, option in options_of(PatternsSpec).items():
        add_flag(parser, name, option, default=option.default)
    add_format(parser)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The patterns as plain data (see `Patterns`), what the models are called, and the job's id.

    Raises:
        InputError: a checkpoint that is not there, or a method that cannot serve it.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.evaluate.patterns_job import PATTERNS_JOB, default_method
    from bcos_core.model.info import read_info

    first = read_info(find_checkpoint(args.checkpoint))
    twin = first.path.parent / first.twin if first.twin else None
    second = None
    if args.against:
        second = read_info(find_checkpoint(args.against))
    elif twin is not None and twin.is_dir():
        second = read_info(twin)
    infos = [first] if second is None else [first, second]
    methods = [
        given or default_method(info) for info, given in zip(infos, (args.method, args.against_method), strict=False)
    ]
    found, job = PATTERNS_JOB.run_here(PatternsSpec.of(infos, methods, limit=args.limit, seed=args.seed))
    return {
        **found.to_dict(),
        "names": {info.path.name: info.name for info in infos},
        "format": args.format,
        "job": job,
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person, or as the table that was asked for."""
    from bcos_core.errors import InputError
    from bcos_core.evaluate.patterns_table import Patterns
    from bcos_core.render.patterns import STAR, agreements_in_words, notes_of, patterns_table, shown_table
    from bcos_core.storage.plain import to_plain
    from bcos_core.storage.stored_json import from_plain

    names = result["names"]
    found = from_plain(to_plain(result), Patterns, error=InputError, what="These patterns", advice="")
    said = [*notes_of(found, names), *agreements_in_words(found, names)]
    star = [STAR] if len(found.models) == 2 else []
    return table_in(result["format"], patterns_table(found, names), shown_table(found, names), [*star, *said])
