"""`python -m bcos_core reproduce`: measure again what is claimed, by one command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bcos_core.errors import InputError, StorageError
from bcos_core.reproduce.ours import MEASURES
from bcos_core.reproduce.scale import SCALES
from bcos_core.reproduce.spec import GRID, TITLES, ReproduceSpec

EPILOG = """examples:
  python -m bcos_core reproduce ours --quick
  python -m bcos_core reproduce paper --scale whole --output paper.html
  python -m bcos_core reproduce paper --tasks short-reviews --seeds 42 43 --json

What was trained or measured before is taken as it is: a run that was stopped goes on, and one that asks for more does
only what is new.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `reproduce` command."""
    parser = subparsers.add_parser(
        "reproduce",
        help="measure again what is claimed",
        description="Train and measure everything that a set of figures stands on, and write tables with intervals, "
        "the protocol, versions and machine.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "what", choices=list(TITLES), metavar="WHAT", help="; ".join(f"{k}: {v}" for k, v in TITLES.items())
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--scale",
        choices=list(SCALES),
        metavar="NAME",
        help=", ".join(SCALES) + " (default: whole where there are a hub and a GPU, else small)",
    )
    size.add_argument("--quick", action="store_true", help="the scale quick: everything once and briefly")
    parser.add_argument(
        "--tasks",
        nargs="+",
        default=[],
        metavar="NAME",
        help="these alone, or others: an embedded name, hub:OWNER/NAME, file:PATH",
    )
    parser.add_argument(
        "--models", nargs="+", default=[], metavar="NAME", help="pretrained models: minilm, a folder, a hub id"
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[], metavar="N", help="seeds of training")
    parser.add_argument("--examples", type=int, metavar="N", help="training texts of each task")
    parser.add_argument("--texts", type=int, metavar="N", help="test texts of each task")
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="PART",
        help=f"these parts alone: {GRID}, or of ours {', '.join(MEASURES)}",
    )
    parser.add_argument(
        "--output",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="also write the tables there: .md, .csv, .html or .json",
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Reproduce as a job: the report (`bcos_core.reproduce.report`), its folder, and the job's id.

    Raises:
        InputError: a name that is none, or nothing of the grid can be had.
        StorageError: a file cannot be written.
    """
    from bcos_core.home import get_home
    from bcos_core.reproduce.job import REPRODUCE
    from bcos_core.reproduce.scale import usual_scale
    from bcos_core.reproduce.written import FORMATS, report_markdown

    for file in args.output:
        if file.suffix.removeprefix(".") not in FORMATS:
            raise InputError(f"{file.name} ends with {file.suffix or 'nothing'!r}; expected {', '.join(FORMATS)}.")
    scale = "quick" if args.quick else args.scale or usual_scale().name
    spec = ReproduceSpec.of(
        args.what,
        scale,
        tasks=args.tasks,
        models=args.models,
        seeds=args.seeds,
        examples=args.examples,
        texts=args.texts,
        only=args.only,
    )
    report, job = REPRODUCE.run_here(spec)
    for file in args.output:
        try:
            file.write_bytes(FORMATS[file.suffix.removeprefix(".")](report))
        except OSError as error:
            raise StorageError(f"Cannot write {file} ({error.strerror}). The tables lie in the home.") from error
    return {
        **report.to_dict(),
        "folder": str(get_home().reproductions / job),
        "job": job,
        "tables": report_markdown(report),
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person: the tables as Markdown."""
    return f"{result['tables']}\nStored in {result['folder']}"
