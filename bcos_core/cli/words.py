"""`python -m bcos_core words`: what a model uses words for, beside what counting words would learn."""

from __future__ import annotations

import argparse
from typing import Any

EPILOG = """examples:
  python -m bcos_core words CHECKPOINT
  python -m bcos_core words CHECKPOINT --limit 500 --method occlusion --json
"""
SHOWN = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `words` command."""
    parser = subparsers.add_parser(
        "words",
        help="what a model uses words for, over the test set",
        description="The words with the largest mean contribution to each class or label, or to the score, with their "
        "intervals and counts, beside the weights of a linear model of word counts.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("--method", metavar="NAME", help="a method (default: bcos on a B-cos model, else occlusion)")
    parser.add_argument("--limit", type=int, default=300, metavar="N", help="test texts to look at (default: 300)")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of a stochastic method (default: 0)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The vocabulary as plain data (see `ModelVocabulary`), and the job's id.

    Raises:
        InputError: a checkpoint that is not there, or a method that cannot serve it.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.evaluate.vocabulary_job import WORDS, WordsSpec, default_method
    from bcos_core.model.info import read_info

    info = read_info(find_checkpoint(args.checkpoint))
    spec = WordsSpec(str(info.path), args.method or default_method(info), args.limit, args.seed)
    found, job = WORDS.run_here(spec)
    return {**found.to_dict(), "task_type": info.task_type, "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.tasks.registry import TASK_TYPES

    kind = TASK_TYPES[result["task_type"]]
    main = kind.main_metric
    counting = f"Counting words alone: {main.phrase} {main.written(result['counting'][main.name])}."
    lines = [f"{result['texts']} test texts, {result['method']}. {counting}"]
    for label, name in enumerate(result["labels"]):
        lines.append(f"What most {kind.verbs[0]} {name} (mean contribution, texts; weight in the word counts' model):")
        uses = [use for use in result["uses"] if use["label"] == label][:SHOWN]
        for use in uses:
            weight = "–" if use["weight"] is None else f"{use['weight']:+.2f}"
            interval = "no interval" if use["low"] is None else f"[{use['low']:+.3f}, {use['high']:+.3f}]"
            lines.append(f"  {use['word']:<18} {use['mean']:+.3f} {interval}  n {use['texts']:<4} {weight}")
    return "\n".join(lines)
