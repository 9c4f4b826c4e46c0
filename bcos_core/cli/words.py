"""`python -m bcos_core words`: what a model uses words for, beside what counting words would learn."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bcos_core.evaluate.vocabulary_job import WordsSpec
from bcos_core.option import add_flag, options_of

EPILOG = """examples:
  python -m bcos_core words CHECKPOINT
  python -m bcos_core words CHECKPOINT --limit 500 --method occlusion --json
  python -m bcos_core words CHECKPOINT --report words.html
"""
SHOWN = 12


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `words` command."""
    parser = subparsers.add_parser(
        "words",
        help="what a model uses words for, over the test set",
        description="The words with the largest mean contribution to each class or label, or to the score, with their "
        "intervals and counts, beside the weights of a linear model of word counts.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`) or folder")
    parser.add_argument("--method", metavar="NAME", help="a method (default: bcos on a B-cos model, else occlusion)")
    for name, option in options_of(WordsSpec).items():
        add_flag(parser, name, option, default=option.default)
    parser.add_argument(
        "--report", type=Path, metavar="FILE", help="write a report, with every word that was edited: .html or .md"
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The vocabulary as plain data (see `ModelVocabulary`), and the job's id.

    Raises:
        InputError: a checkpoint that is not there, a method that cannot serve it, or no kind of report.
        StorageError: the report cannot be written.
    """
    from bcos_core.cli.checkpoints import find_checkpoint
    from bcos_core.cli.report import require_report, write_report
    from bcos_core.evaluate.retest_job import known_retests
    from bcos_core.evaluate.vocabulary_job import WORDS, default_method
    from bcos_core.jobs.store import JobStore
    from bcos_core.model.identity import folder_identity
    from bcos_core.model.info import read_info
    from bcos_core.render.word_report import word_report_html, word_report_markdown

    makers = {".html": word_report_html, ".md": word_report_markdown}
    require_report(args.report, makers)
    info = read_info(find_checkpoint(args.checkpoint))
    spec = WordsSpec(str(info.path), args.method or default_method(info), args.limit, args.seed)
    found, job = WORDS.run_here(spec)
    if args.report is not None:
        make = makers[args.report.suffix.lower()]
        write_report(
            args.report, make(info.name, folder_identity(info.path), found, known_retests(info, JobStore.open()))
        )
    return {**found.to_dict(), "task_type": info.task_type, "job": job}


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.tasks.registry import TASK_TYPES

    kind = TASK_TYPES[result["task_type"]]
    main = kind.main_metric
    counting = f"Counting words alone: {main.phrase} {main.written(result['counting'][main.name])}."
    lines = [f"{result['texts']} test texts, {result['method']}. {counting}"]
    for label, name in enumerate(result["labels"]):
        lines.append(f"What most {kind.verbs[0]} {name} (mean contribution, texts; weight in the word counts' model):")
        uses = [use for use in result["uses"] if use["label"] == label][:SHOWN]
        for use in uses:
            weight = "–" if use["weight"] is None else f"{use['weight']:+.2f}"
            interval = "no interval" if use["low"] is None else f"[{use['low']:+.3f}, {use['high']:+.3f}]"
            lines.append(f"  {use['word']:<18} {use['mean']:+.3f} {interval}  n {use['texts']:<4} {weight}")
    return "\n".join(lines)
