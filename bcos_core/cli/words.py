"""`python -m bcos_core words`: what a model uses words for, beside what counting words would learn."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bcos_core.model.info import CheckpointInfo

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
        description="The words with the largest mean contribution to each class, with their intervals and counts, "
        "beside the weights of a logistic regression on word counts.",
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
    from bcos_core.errors import InputError
    from bcos_core.model.info import read_info

    info = read_info(find_checkpoint(args.checkpoint))
    if args.limit < 1:
        raise InputError(f"limit is {args.limit}; expected at least 1 text.")
    return _run_job(info, args.method or default_method(info), args.limit, args.seed)


def run_stored(spec: dict[str, Any]) -> dict[str, Any]:
    """The same for the job that this process was started for."""
    from bcos_core.model.info import read_info

    return _run_job(read_info(spec["checkpoint"]), spec["method"], spec["limit"], spec["seed"])


def _run_job(info: CheckpointInfo, method: str, limit: int, seed: int) -> dict[str, Any]:
    from bcos_core.evaluate.vocabulary_run import describe, run_vocabulary
    from bcos_core.home import get_home
    from bcos_core.jobs.run import job_run

    home = get_home()
    spec = {"checkpoint": str(info.path), "method": method, "limit": limit, "seed": seed}
    argv, key = words_argv(info, method, limit, seed), words_key(info, method, limit, seed)
    with job_run("words", describe(info, method), argv, spec, key, home=home) as job:
        found = run_vocabulary(info, method=method, limit=limit, seed=seed, home=home, reporter=job.reporter)
        job.finish(found.to_dict())
    return {**found.to_dict(), "job": job.id}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    counting = f"Counting words alone: accuracy {result['counting_accuracy']:.3f}."
    lines = [f"{result['texts']} test texts, {result['method']}. {counting}"]
    for label, name in enumerate(result["labels"]):
        lines.append(f"Words that speak for {name} (mean contribution, texts; weight in the word counts' model):")
        uses = [use for use in result["uses"] if use["label"] == label][:SHOWN]
        for use in uses:
            weight = "–" if use["weight"] is None else f"{use['weight']:+.2f}"
            interval = f"[{use['low']:+.3f}, {use['high']:+.3f}]"
            lines.append(f"  {use['word']:<18} {use['mean']:+.3f} {interval}  n {use['texts']:<4} {weight}")
    return "\n".join(lines)


def default_method(info: CheckpointInfo) -> str:
    """The model's own contributions where it has them."""
    return "bcos" if info.kind == "bcos" else "occlusion"


def words_argv(info: CheckpointInfo, method: str, limit: int, seed: int) -> list[str]:
    """The command line, after the interpreter, that does it."""
    return [
        "-m",
        "bcos_core",
        "words",
        "--json",
        str(info.path),
        f"--method={method}",
        f"--limit={limit}",
        f"--seed={seed}",
    ]


def words_key(info: CheckpointInfo, method: str, limit: int, seed: int) -> str:
    """The same for two requests of the same work, on the same content of files."""
    from bcos_core.model.identity import checkpoint_and_data

    return "words:" + json.dumps([str(info.path), checkpoint_and_data(info), method, limit, seed])
