"""`python -m bcos_core perplexity`: how surprised language models are by the same texts."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bcos_core.cli.checkpoints import find_checkpoint
from bcos_core.errors import InputError
from bcos_core.option import add_flag, options_of
from bcos_core.train.language.recipe import LanguageRecipe

EPILOG = """examples:
  python -m bcos_core perplexity smollm2 CHECKPOINT --task short-reviews
  python -m bcos_core perplexity smollm2 --task file:novel.txt --packing --max-length 512 --json
"""
OPTIONS = ("packing", "max_length", "test_texts", "seed")
"""Those of a training that say which tokens are predicted."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `perplexity` command."""
    parser = subparsers.add_parser(
        "perplexity",
        help="measure language models on the same texts",
        description="The perplexity of language models on the test side of running text: the exponential of the mean "
        "negative log-likelihood of a predicted token, all tokens of a sequence but its first. The models are compared "
        "with the first of them, in pairs, on the same sequences.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoints", nargs="+", help="smollm2 (embedded), checkpoints' names, or folders")
    parser.add_argument(
        "--task", default="short-reviews", help="an embedded name, hub:OWNER/NAME, file:PATH, a .txt file or a folder"
    )
    parser.add_argument("--text-column", metavar="NAME", help="the column that holds the texts (default: guessed)")
    parser.add_argument("--hub-config", metavar="NAME", help="configuration of a hub data set")
    known = options_of(LanguageRecipe)
    for name in OPTIONS:
        add_flag(parser, name, known[name], default=known[name].default)
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"models": [{"model", "checkpoint", "perplexity", "interval", "ratio", "ratio_interval"}…], "texts", "tokens",
    "sequences"}`; ratios are to the first model, and intervals of 95 %, None of a single sequence.

    Raises:
        InputError: no language model, texts that cannot be used, models of other tokenizers, or a number out of range.
    """
    from bcos_core.model.language_model import load
    from bcos_core.model.perplexity import Perplexity, perplexity, ratio
    from bcos_core.text.running import TextSource, load_texts, take
    from bcos_core.text.sequences import packed, whole_texts
    from bcos_core.text.streamed import Wanted

    asked = LanguageRecipe().replace(**{name: getattr(args, name) for name in OPTIONS})
    source = TextSource.parse(args.task, text_column=args.text_column, hub_config=args.hub_config)
    folders = [find_checkpoint(one) for one in args.checkpoints]
    texts = take(load_texts(source, Wanted(1, 1, asked.test_texts)).test, asked.test_texts, asked.seed)
    make = packed if asked.packing else whole_texts
    sequences, rows = None, []
    first: Perplexity | None = None
    for folder in folders:
        model = load(folder)
        for note in model.notes:
            print(note, file=sys.stderr)
        own = make(model.tokenizer, texts, min(asked.max_length, model.max_length))
        if sequences is not None and own != sequences:
            raise InputError(
                f"{model.name} reads these texts as other tokens than the first model: their perplexities do not "
                "compare. Measure it by itself."
            )
        sequences = own
        found = perplexity(model.model, sequences)
        first = first or found
        against = ratio(found, first)
        rows.append(
            {
                "model": model.name,
                "checkpoint": str(folder),
                "perplexity": found.value,
                "interval": _known(found.interval),
                "ratio": against.value,
                "ratio_interval": _known((against.low, against.high)),
            }
        )
    assert first is not None
    return {"models": rows, "texts": source.title, "tokens": first.predicted, "sequences": len(first.tokens)}


def _known(interval: tuple[float, float]) -> list[float] | None:
    return None if interval[0] != interval[0] else list(interval)


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.numbers import number

    def ends(interval: list[float] | None) -> str:
        return f" (95 % interval {number(interval[0])} to {number(interval[1])})" if interval else ""

    lines = [f"{result['texts']}: {result['tokens']:,} predicted tokens of {result['sequences']:,} sequences"]
    for place, row in enumerate(result["models"]):
        said = f"{row['model']}: perplexity {number(row['perplexity'])}{ends(row['interval'])}"
        if place:
            said += f", {number(row['ratio'])} × the first's{ends(row['ratio_interval'])}"
        lines.append(said)
    return "\n".join(lines)
