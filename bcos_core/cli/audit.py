"""`python -m bcos_core audit`: what a B-cos model and its conventional twin do alike, and what they do not."""

from __future__ import annotations

import argparse
import math
from typing import Any

EPILOG = """examples:
  python -m bcos_core audit CHECKPOINT
  python -m bcos_core audit CHECKPOINT --against OTHER --json
"""
SHOWN = 10


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `audit` command."""
    parser = subparsers.add_parser(
        "audit",
        help="compare a model with its conventional twin on the test set",
        description="The metrics of two models, how alike they answer, whether one answers better, and the examples "
        "that they answer differently; for one label a text also confusion and reliability, for several each label.",
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
    from bcos_core.evaluate.audit_words import audit_sentences

    against = find_checkpoint(args.against) if args.against else None
    result, job = AUDIT.run_here(AuditSpec.of(*find_pair(find_checkpoint(args.checkpoint), against)))
    return {**result.to_dict(), "summary": audit_sentences(result), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.evaluate.audit_words import temperature_in_words
    from bcos_core.evaluate.figures import estimate_in_words, few_texts
    from bcos_core.numbers import count, is_missing
    from bcos_core.tasks.estimates import Estimate
    from bcos_core.tasks.registry import TASK_TYPES

    kind = TASK_TYPES[result["task_type"]]
    lines = []
    for model in result["models"]:
        lines.append(model["name"])
        for metric in kind.metrics:
            if one := model["metrics"].get(metric.name):
                low, high = (math.nan if is_missing(one[end]) else one[end] for end in ("low", "high"))
                estimate = Estimate(one["mean"], low, high, one["n"])
                lines.append(f"  {metric.title:<22} {estimate_in_words(metric, estimate)}, {count(one['n'], 'text')}")
        if choice := model["choice"]:
            before, after, temperature = choice["reliability"], choice["rescaled"], choice["temperature"]
            lines += [
                f"  {'ECE':<22} {before['ece']:.3f}, {after['ece']:.3f} at {temperature_in_words(temperature)}",
                f"  {'Brier':<22} {before['brier']:.3f}, {after['brier']:.3f}",
            ]
    lines += [*result["summary"], *filter(None, [few_texts(result["gap"]["n"])])]
    for one in result["outputs"]:
        first, second = one["f1"]
        lines.append(
            f"  {one['label']:<22} {one['texts']} texts, F1 {first:.3f} and {second:.3f}, given by the first alone "
            f"{one['only_first']} times, by the second alone {one['only_second']}"
        )
    differences = result["differences"]
    lines.append(
        f"{len(differences)} examples with different answers; those furthest apart, as (place in the test set: label → "
        "answers):"
    )
    lines += [f"  {one['index']}: {one['label']} → {' / '.join(one['answers'])}" for one in differences[:SHOWN]]
    return "\n".join(lines)
