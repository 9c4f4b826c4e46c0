"""`python -m bcos_core evaluate --pairs`: minimal pairs, of which the word that decides is known."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from bcos_core.cli.table_format import add_format, table_in
from bcos_core.errors import InputError
from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.paradigms import PARADIGMS
from bcos_core.minimal_pairs.spec import USUAL, USUAL_METHODS, PairsSpec, find_source
from bcos_core.option import add_flag, options_of

_OF_TEXTS = ("slice", "task", "pointing_length")
"""Options that have no meaning for minimal pairs."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what is asked of minimal pairs alone; models, methods, their options, limit and seed are those of texts."""
    group = parser.add_argument_group("minimal pairs, of language models")
    group.add_argument(
        "--pairs",
        nargs="+",
        metavar="SOURCE",
        help=f"files of minimal pairs as BLiMP has them, or built-in paradigms: {', '.join(PARADIGMS)}, or all of "
        f"these. Methods: {', '.join(USUAL_METHODS)}, unless others are named. Scores: {', '.join(MEASURES)}, all "
        "unless some are named. Removal: the first that the tokenizers have a token for, unless one is named",
    )
    for name in ("unit", "reference"):
        option = options_of(PairsSpec)[name]
        add_flag(group, name, option, default=option.default)
    add_format(group)


def run(args: argparse.Namespace, options: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Ask as a job, with these `options` of methods: `rows`, `curves`, `preferences` and `differences` (see
    `PairsResult`), `summary` in sentences, the `protocol`, what was left out, and the folder of the result.

    Raises:
        InputError: a model, file, paradigm or method that cannot be used, or an option that is about texts.
    """
    from bcos_core.attribution.registry import METHODS
    from bcos_core.cli.checkpoints import find_checkpoint, ready_embedded
    from bcos_core.home import get_home
    from bcos_core.minimal_pairs.folders import ready_folder, usual_methods
    from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
    from bcos_core.minimal_pairs.words import pairs_sentences, protocol_in_words
    from bcos_core.model.embedded import EMBEDDED_MODELS

    for name in _OF_TEXTS:
        if getattr(args, name):
            raise InputError(f"--{name.replace('_', '-')} is about texts, and --pairs asks about minimal pairs.")
    for one in set(args.checkpoints) & set(EMBEDDED_MODELS):
        ready_embedded(one)
    folders = [
        ready_folder(one if one in EMBEDDED_MODELS else str(find_checkpoint(one).resolve())) for one in args.checkpoints
    ]
    spec = PairsSpec(
        checkpoints=tuple(folder.source for folder in folders),
        sources=tuple(map(find_source, PARADIGMS if args.pairs == ["all"] else args.pairs)),
        methods=tuple(METHODS if args.methods == ["all"] else args.methods or usual_methods(folders)),
        measures=tuple(MEASURES if args.scores in (None, ["all"]) else args.scores),
        limit=args.limit,
        unit=args.unit,
        removal=args.removal or USUAL,
        reference=args.reference,
        seed=args.seed,
        options=options,
    )
    if args.against and METHODS[args.against].name not in spec.contenders:
        raise InputError(f"{METHODS[args.against].title} is not among the methods. Name it under --methods.")
    result, job = MINIMAL_PAIRS.run_here(spec)
    names = {folder.path.name: folder.name for folder in folders}
    against = next((one for one in result.contenders if one.method == (args.against or spec.methods[0])), None)
    return {
        "rows": result.rows(),
        "curves": result.curves(),
        "preferences": result.preferences(),
        "differences": result.differences((against or result.contenders[0]).id),
        "summary": pairs_sentences(result, names),
        "protocol": protocol_in_words(result),
        "skipped": list(result.skipped),
        "left_out": {source.name: [one.sentence for one in source.left_out] for source in result.sources},
        "names": names,
        "notes": list(result.notes),
        "format": args.format,
        "minimal_pairs": str(get_home().minimal_pairs / job),
        "seconds": result.seconds,
        "job": job,
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person, or as the table that was asked for."""
    from bcos_core.render.minimal_pairs import pairs_table, shown_pairs, shown_preferences
    from bcos_core.render.scoreboard import left_out

    names, rows, form = result["names"], result["rows"], result["format"]
    if form == "csv":
        table = pairs_table(rows, names, result["protocol"])
        return table_in("csv", table, table)
    tables = [table_in(form, frame := shown_preferences(result["preferences"], names), frame)]
    for source in dict.fromkeys(row["source"] for row in rows):
        frame = shown_pairs(rows, names, source)
        said = [f"Pairs of {source}:"] if form == "markdown" else []
        tables.append("\n".join(([] if said else [f"Pairs of {source}:"]) + [table_in(form, frame, frame, said)]))
    skipped = [
        left_out({**row, "checkpoint": names.get(row["checkpoint"], row["checkpoint"])}) for row in result["skipped"]
    ]
    notes = [*result["summary"], *result["notes"], *skipped, result["protocol"]]
    end = f"{result['seconds']:.0f} s; stored in {result['minimal_pairs']}"
    return "\n\n".join([*tables, "\n".join(notes), end])
