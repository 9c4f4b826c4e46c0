"""`python -m bcos_core retest`: does a word decide? Its texts are edited and asked again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bcos_core.evaluate.retest_spec import RetestSpec
from bcos_core.option import add_flag, options_of

EPILOG = """examples:
  python -m bcos_core retest CHECKPOINT great
  python -m bcos_core retest CHECKPOINT dull --edit replace --other long --report dull.html
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `retest` command."""
    parser = subparsers.add_parser(
        "retest",
        help="whether a word decides: edit it in the test texts and ask again",
        description="Finds the test texts that have a word, and those in which the heatmap leans on it; edits the word "
        "in all of them, and asks the model again. Beside it, another word of the same texts, drawn by lot, is edited.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("word", help="the word, as `words` lists it")
    parser.add_argument(
        "--label", metavar="NAME", help="for which class or label, by name or number (default: the last)"
    )
    parser.add_argument("--edit", default="drop", metavar="NAME", help="drop, replace or negate (default: drop)")
    parser.add_argument("--other", default="", metavar="WORD", help="the word to put in its place, to replace it")
    parser.add_argument("--method", metavar="NAME", help="a method (default: bcos on a B-cos model, else occlusion)")
    for name, option in options_of(RetestSpec).items():
        add_flag(parser, name, option, default=option.default)
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report: .html or .md")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The retest as plain data (see `Retest`), what it says in sentences, and the job's id.

    Raises:
        InputError: no such checkpoint, label, word in the texts, or kind of report.
        StorageError: the report cannot be written.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.cli.report import require_report, write_report
    from bcos_core.evaluate.retest_job import RETEST
    from bcos_core.evaluate.vocabulary_job import default_method
    from bcos_core.model.info import read_info
    from bcos_core.render.retest import retest_html, retest_markdown, retest_sentences

    makers = {".html": retest_html, ".md": retest_markdown}
    require_report(args.report, makers)
    info = read_info(find_checkpoint(args.checkpoint))
    label = _label(args.label, info.labels)
    method = args.method or default_method(info)
    spec = RetestSpec(str(info.path), args.word, label, method, args.edit, args.other, args.limit, args.seed)
    found, job = RETEST.run_here(spec)
    if args.report is not None:
        write_report(args.report, makers[args.report.suffix.lower()](found))
    return {**found.to_dict(), "sentences": retest_sentences(found), "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    return "\n".join(result["sentences"])


def _label(given: str | None, labels: tuple[str, ...]) -> int:
    from bcos_core.errors import InputError

    if given is None:
        return len(labels) - 1
    if given in labels:
        return labels.index(given)
    if given.isdecimal() and int(given) < len(labels):
        return int(given)
    raise InputError(f"There is no class or label {given!r}. There are: {', '.join(labels)}.")
