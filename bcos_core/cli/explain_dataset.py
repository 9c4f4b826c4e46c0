"""`python -m bcos_core explain-dataset`: every row of a data set of any size, to Parquet files."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.batch.spec import LAST_TOKEN, BatchSpec
from bcos_core.numbers import count, duration, number
from bcos_core.option import Option, add_flag, options_of

EPILOG = """examples:
  python -m bcos_core explain-dataset CHECKPOINT --data reviews.csv
  python -m bcos_core explain-dataset CHECKPOINT --data stanfordnlp/imdb --split test --column text --label-column label
  python -m bcos_core explain-dataset CHECKPOINT --data reviews.parquet --column review --output contributions
  python -m bcos_core explain-dataset smollm2 --data stories.jsonl --column text --span=1: --precision bf16

The folder has part-….parquet, a row for each explanation, and for each row of the data that has none, with the reason;
manifest.json, what it was computed from; summary.json, totals and the words with the largest contributions. The same
command into the same folder goes on after a stop, a shard at a time.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `explain-dataset` command."""
    parser = subparsers.add_parser(
        "explain-dataset",
        help="explain every row of a data set",
        description="Contributions for every row of a file or data set: of a classifier for each token of the text, of "
        "a language model for each next token of a span. The Batch page shows the result.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a model's name (see `models`) or folder, or smollm2")
    parser.add_argument(
        "--data",
        required=True,
        help="a CSV, TSV, JSONL, JSON or Parquet file, a hub data set (OWNER/NAME), or an embedded task",
    )
    parser.add_argument("--split", metavar="NAME", help="of a hub data set (default: the training split)")
    parser.add_argument("--hub-config", metavar="NAME", help="configuration of a hub data set")
    parser.add_argument("--column", metavar="NAME", help="the column with the texts (default: guessed)")
    parser.add_argument("--second-column", metavar="NAME", help="of pairs, the column with the second texts")
    parser.add_argument("--id-column", metavar="NAME", help="a column that names the rows, to be kept")
    parser.add_argument("--label-column", metavar="NAME", help="a column with what the answer should be, to be kept")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help="methods (default: the model's own sum)")
    parser.add_argument("--target", metavar="LABEL", help="the output to explain (default: each text's own answer)")
    parser.add_argument("--minus", metavar="LABEL", help="explain the target's logit minus that of this output")
    parser.add_argument(
        "--span",
        default=LAST_TOKEN,
        metavar="START:END",
        help="of a language model, the tokens of each text that are explained, as a slice: -1: the last (default), 1: "
        "all but the first; what begins with a minus is written with a sign, as --span=-3:",
    )
    parser.add_argument("--output", metavar="FOLDER", help="where the result goes (default: among those of the page)")
    options: dict[str, Option] = dict(options_of(BatchSpec))
    workers = options.pop("workers")
    for name, option in options.items():
        add_flag(parser, name, option, default=option.default)
    parser.add_argument(
        "--ray",
        nargs="?",
        type=int,
        const=1,
        default=workers.default,
        metavar="WORKERS",
        help="explain on so many workers of a Ray cluster (RAY_ADDRESS, or one that is started here); all machines "
        "must see the data and the folder",
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """What there is of each kind of row, the folder, and the job's id.

    Raises:
        InputError: a model, method, data set or column that is not there.
    """
    from bcos_core.attribution.own import own_name
    from bcos_core.batch.columns import choose_text_columns
    from bcos_core.batch.job import BATCH
    from bcos_core.batch.spec import require_fitting
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.home import given_path
    from bcos_core.model.info import read_any_info
    from bcos_core.text.row_source import RowSource, open_rows

    info = read_any_info(find_checkpoint(args.checkpoint))
    source = RowSource.parse(args.data, hub_config=args.hub_config, split=args.split)
    columns = open_rows(source).columns
    text, second = choose_text_columns(columns, args.column, args.second_column, info)
    spec = BatchSpec(
        checkpoint=str(info.path),
        methods=tuple(args.methods or [own_name(is_bcos=info.kind == "bcos")]),
        data=source,
        text_column=text,
        second_column=second,
        id_column=args.id_column,
        label_column=args.label_column,
        target=args.target,
        minus=args.minus,
        span=args.span,
        precision=args.precision,
        shard_rows=args.shard_rows,
        workers=args.ray,
        output=None if args.output is None else str(given_path(args.output).resolve()),
    )
    require_fitting(spec, columns)
    summary, job = BATCH.run_here(spec)
    return {**vars(summary), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    said = [f"{count(result['rows'], 'row')}: {result['explained']:,} explained"]
    said += [f"{result['cut']:,} of them cut at the model's limit"] if result["cut"] else []
    said += [f"{result['left_out']:,} left out, each with the reason"] if result["left_out"] else []
    rate = f" ({number(result['rows_per_second'])} rows a second)" if result["here"] else ""
    return f"{', '.join(said)}; {duration(result['seconds'])}{rate}. Result: {result['folder']}"
