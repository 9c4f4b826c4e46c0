"""`python -m bcos_core audit`: what a B-cos model and its conventional twin do alike, and what they do not."""

from __future__ import annotations

import argparse
from typing import Any

EPILOG = """examples:
  python -m bcos_core audit CHECKPOINT
  python -m bcos_core audit CHECKPOINT --against OTHER --json
"""
SHOWN_FLIPS = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `audit` command."""
    parser = subparsers.add_parser(
        "audit",
        help="compare a model with its conventional twin on the test set",
        description="Accuracy, macro F1, ECE, Brier score, agreement, McNemar's test and flips of two models.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("--against", metavar="CHECKPOINT", help="another model of the same task (default: its twin)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The audit as plain data (see `Audit`), and the job's id.

    Raises:
        InputError: a checkpoint that is not there, or models that cannot be compared.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
    from bcos_core.evaluate.audit_run import find_pair

    against = find_checkpoint(args.against) if args.against else None
    result, job = AUDIT.run_here(AuditSpec.of(*find_pair(find_checkpoint(args.checkpoint), against)))
    return {**result.to_dict(), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    lines = []
    for model in result["models"]:
        accuracy, f1 = model["accuracy"], model["macro_f1"]
        before, after = model["reliability"], model["rescaled"]
        lines += [
            model["name"],
            f"  accuracy  {accuracy['mean']:.3f} [{accuracy['low']:.3f}, {accuracy['high']:.3f}], n {accuracy['n']}",
            f"  macro F1  {f1['mean']:.3f} [{f1['low']:.3f}, {f1['high']:.3f}]",
            f"  ECE       {before['ece']:.3f}, {after['ece']:.3f} at temperature {model['temperature']:.2f}",
            f"  Brier     {before['brier']:.3f}, {after['brier']:.3f}",
        ]
    agreement, gap = result["agreement"], result["gap"]
    lines += [
        f"They agree on {agreement['mean']:.1%} of the texts; accuracy differs by {100 * gap['mean']:+.1f} points "
        f"[{100 * gap['low']:+.1f}, {100 * gap['high']:+.1f}].",
        f"McNemar's exact test: {result['only_first']} texts only the first gets right, {result['only_second']} only "
        f"the second; p = {result['mcnemar_p']:.3f}.",
        f"{len(result['flips'])} flipped examples; the surest, as (place in the test set: label, answers):",
    ]
    labels = result["labels"]
    for flip in result["flips"][:SHOWN_FLIPS]:
        first, second = (labels[answer] for answer in flip["answers"])
        lines.append(f"  {flip['index']}: {labels[flip['label']]}, {first} / {second}")
    return "\n".join(lines)
