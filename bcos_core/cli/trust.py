"""`python -m bcos_core trust`: whether heatmaps depend on the model and on the text, and on nothing else."""

from __future__ import annotations

import argparse
from typing import Any

EPILOG = """examples:
  python -m bcos_core trust CHECKPOINT
  python -m bcos_core trust CHECKPOINT --methods bcos integrated_gradients --limit 50 --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `trust` command."""
    parser = subparsers.add_parser(
        "trust",
        help="test whether methods' heatmaps depend on the model and the text, and on nothing else",
        description="Does a heatmap change when the weights are shuffled, hold still under edits that do not move the "
        "answer, move under those that do, and agree with itself between seeds, batches and precisions? Random scores "
        "are tested beside the methods. Corrected by Holm over all tests of a method.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument(
        "--methods", nargs="+", metavar="NAME", help="methods (default: all that take no more passes than B-cos)"
    )
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="test texts to use (default: 100)")
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of texts, shuffled weights and draws (default: 0)"
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The report as plain data (see `TrustReport`), what it says in sentences, and the job's id.

    Raises:
        InputError: a checkpoint that is not there, or methods that cannot serve it.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.model.info import read_info
    from bcos_core.trust.job import TRUST
    from bcos_core.trust.spec import TrustSpec, default_methods
    from bcos_core.trust.words import trust_sentences

    info = read_info(find_checkpoint(args.checkpoint))
    methods = tuple(args.methods) if args.methods else default_methods(info)
    report, job = TRUST.run_here(TrustSpec(str(info.path), methods, args.limit, args.seed))
    return {**report.to_dict(), "summary": trust_sentences(report), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.attribution.registry import METHODS
    from bcos_core.trust.result import Finding
    from bcos_core.trust.tests import TESTS
    from bcos_core.trust.words import finding_in_words

    lines = [*result["summary"], *result["notes"]]
    lines += [f"{METHODS[name].title} was left out. {reason}" for name, reason in result["left_out"].items()]
    for method in result["methods"]:
        lines.append(f"{METHODS[method].title}:")
        for row in result["findings"]:
            if row["method"] == method:
                lines.append(f"  {TESTS[row['test']].title:<26} {finding_in_words(Finding(**row))}")
    return "\n".join(lines)
