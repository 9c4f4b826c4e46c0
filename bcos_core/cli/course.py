"""`python -m bcos_core course`: how a model learned, from what its training has kept on the way."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.cli.table_format import add_format, table_in

EPILOG = """examples:
  python -m bcos_core train --task short-reviews --kept-texts 12 --kept-states 10
  python -m bcos_core course CHECKPOINT
  python -m bcos_core course CHECKPOINT --text 3 --format csv
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `course` command."""
    parser = subparsers.add_parser(
        "course",
        help="how a model learned: accuracy, faithfulness and words by step",
        description="What the training of a model has kept on the way (train --kept-texts): its main metric and the "
        "raw faithfulness of its heatmaps by step; with --text, what each word of a kept text adds, and from which "
        "step on.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("--text", type=int, metavar="N", help="a kept text, from 1 (default: the states alone)")
    add_format(parser)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The kept `texts`, and by step the states (metric, faithfulness with its interval) or, of one text, its words.

    Raises:
        InputError: a checkpoint that is not there or kept nothing, or no such text.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.errors import InputError
    from bcos_core.model.info import read_info
    from bcos_core.render.course import states_table, words_table
    from bcos_core.train.course import read_course
    from bcos_core.train.course_words import word_courses

    info = read_info(find_checkpoint(args.checkpoint))
    found = read_course(info.path)
    if found is None:
        raise InputError(
            f"The training of {info.name} kept no explanations. Train with --kept-texts, such as --kept-texts 12."
        )
    if args.text is None:
        table = states_table({info.name: (info.kind, found)})
    elif 1 <= args.text <= len(found.texts):
        steps = [state.step for state in found.states]
        table = words_table(word_courses(found.records(found.texts[args.text - 1])), steps)
    else:
        raise InputError(f"--text is {args.text}; expected one of the {len(found.texts)} kept texts, from 1.")
    return {
        "model": info.name,
        "texts": list(found.texts),
        "text": args.text,
        "metric": found.metric,
        "validation": found.validation,
        "columns": list(table.columns),
        "rows": table.astype(object).where(table.notna(), None).to_numpy().tolist(),
        "format": args.format,
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person, or as the table that was asked for."""
    import pandas as pd

    from bcos_core.numbers import count
    from bcos_core.render.course import RULE
    from bcos_core.text.pair import one_line

    table = pd.DataFrame(result["rows"], columns=result["columns"])
    if result["text"] is None:
        said = [
            f"{result['metric']} on {count(result['validation'], 'validation text')}; faithfulness of the kept texts:",
            *[f"  {number}: {one_line(text)}" for number, text in enumerate(result["texts"], start=1)],
        ]
        return table_in(result["format"], table, table.drop(columns="model"), said)
    said = [f"“{one_line(result['texts'][result['text'] - 1])}”. {RULE}"]
    return table_in(result["format"], table, table.drop(columns="start"), said)
