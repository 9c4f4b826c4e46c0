"""`python -m bcos_core batch`: the texts of a file, each explained by one method or a few."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bcos_core.numbers import count

EPILOG = """examples:
  python -m bcos_core batch CHECKPOINT reviews.csv
  python -m bcos_core batch CHECKPOINT reviews.csv --text-column review --methods bcos occlusion --target positive
  python -m bcos_core batch PAIR_CHECKPOINT pairs.tsv --text-column premise --second-column hypothesis --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `batch` command."""
    parser = subparsers.add_parser(
        "batch",
        help="explain every text of a file",
        description="The answer to each text of a file, and its heatmap by one method or a few. The Batch page shows "
        "and exports the result.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("file", help="a CSV, TSV, JSONL, JSON or Parquet file")
    parser.add_argument("--text-column", metavar="NAME", help="the column with the texts (default: guessed)")
    parser.add_argument("--second-column", metavar="NAME", help="of pairs, the column with the second texts")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="methods (default: the model's own contributions)")
    parser.add_argument("--target", metavar="LABEL", help="the output to explain (default: each text's own answer)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """How many texts were explained, the folder with their records, and the job's id.

    Raises:
        InputError: a checkpoint, method, file or column that is not there.
    """
    from bcos_core.batch.columns import choose_text_columns
    from bcos_core.batch.job import BATCH
    from bcos_core.batch.spec import BatchSpec
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.evaluate.vocabulary_job import default_method
    from bcos_core.home import get_home
    from bcos_core.model.info import read_info
    from bcos_core.text.files import open_table

    info = read_info(find_checkpoint(args.checkpoint))
    file = Path(args.file).expanduser().resolve()
    text, second = choose_text_columns(open_table(file).columns, args.text_column, args.second_column, info)
    methods = tuple(args.methods or [default_method(info)])
    summary, job = BATCH.run_here(BatchSpec(str(info.path), methods, str(file), text, second, args.target))
    return {**vars(summary), "folder": str(get_home().batches / job), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    failed = f" {count(result['failed'], 'explanation')} failed." if result["failed"] else ""
    empty = f" Rows without a text, left out: {result['empty_rows']}." if result["empty_rows"] else ""
    return f"Explained {count(result['texts'], 'text')}.{failed}{empty} Records: {result['folder']}"
