"""The flags that say how a task's data are read: the same for every command that names a task."""

from __future__ import annotations

import argparse

from bcos_core.tasks.registry import TASK_TYPES, USUAL


def add_task_arguments(parser: argparse.ArgumentParser) -> None:
    """Add them to a command."""
    parser.add_argument("--text-column", metavar="NAME", help="the column that holds the texts (default: guessed)")
    parser.add_argument(
        "--second-column",
        metavar="NAME",
        help="the column that holds the second texts of pairs (default: guessed where no --text-column is named)",
    )
    parser.add_argument("--label-column", metavar="NAME", help="the column that holds the labels (default: guessed)")
    parser.add_argument("--rationale-column", metavar="NAME", help="the column of human rationales (default: none)")
    parser.add_argument(
        "--task-type",
        metavar="NAME",
        help=f"what a label is, of a file or hub data set: {', '.join(TASK_TYPES)} (default: {USUAL})",
    )
    parser.add_argument(
        "--label-separator", metavar="TEXT", help="what stands between several labels in one cell (default: none)"
    )


def said_of_task(args: argparse.Namespace) -> dict[str, str | None]:
    """What was given of them, as `TaskChoice.parse` takes it."""
    return {
        "text_column": args.text_column,
        "label_column": args.label_column,
        "rationale_column": args.rationale_column,
        "type": args.task_type,
        "separator": args.label_separator,
        "second_column": args.second_column,
    }
