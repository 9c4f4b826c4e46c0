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


def add_training_arguments(parser: argparse.ArgumentParser) -> None:
    """What is trained, and on what: a pretrained model, a task, and these arguments of it."""
    parser.add_argument(
        "--model", default="minilm", help="minilm or smollm2 (embedded), a folder, or a hub id (default: minilm)"
    )
    parser.add_argument("--task", default="short-reviews", help="an embedded name, hub:OWNER/NAME, or file:PATH")
    add_task_arguments(parser)
    parser.add_argument("--hub-config", metavar="NAME", help="configuration of a hub data set")


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
