"""`python -m bcos_core components`: layers, heads and words of a model's own sum."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from bcos_core.cli.checkpoints import find_checkpoint

EPILOG = """examples:
  python -m bcos_core components CHECKPOINT --text "A charming film."
  python -m bcos_core components smollm2 --text "The keys to the old cabinet" --target " are" --minus " is" --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `components` command."""
    parser = subparsers.add_parser(
        "components",
        help="split an explanation by layers, heads and words",
        description="A model's own sum, split exactly by where in the network it passed: what each head and each "
        "feed-forward part added last, at which positions the hidden states of each layer have it, and through which "
        "layer each token's share came.",
        epilog=EPILOG,
    )
    parser.add_argument("checkpoint", help="a checkpoint's name (see `models`), a folder, or smollm2")
    parser.add_argument("--text", required=True, help="the text, or, of a language model, the prompt")
    parser.add_argument("--target", metavar="LABEL", help="the class, or next token, to explain (default: the answer)")
    parser.add_argument("--minus", metavar="LABEL", help="explain the logit of --target minus that of this one")
    parser.add_argument("--reference", metavar="NAME", help="what tokens are compared with: mask, pad or none")
    parser.add_argument("--most", type=int, default=12, metavar="N", help="strongest paths to name (default: 12)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"record", "summary", "direct", "reads", "feed_forward", "bias_share", "sources", "source_shares", "hidden",
    "hidden_shares", "completeness_error", "paths": [{"path", "share"}…]}`, as `attribution.components.Components` has
    them.

    Raises:
        InputError: an empty text, or a checkpoint, label or reference that is not there.
        UnsupportedModelError: a conventional model with a part that has no dynamic-linear form.
    """
    from dataclasses import asdict

    from bcos_core.attribution.api import explain
    from bcos_core.attribution.components import components
    from bcos_core.model.load import load
    from bcos_core.render.components import path_table, summary

    model = load(find_checkpoint(args.checkpoint))
    for note in model.notes:
        print(note, file=sys.stderr)
    record = explain(model, args.text, target=args.target, minus=args.minus, reference=args.reference)
    found = components(model, record)
    paths = path_table(found, args.most).to_dict(orient="records")
    numbers = {name: value for name, value in asdict(found).items() if name != "record"}
    return {
        "record": record.to_dict(),
        "summary": summary(found),
        **numbers,
        "completeness_error": found.completeness_error,
        "paths": paths,
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    from bcos_core.attribution.record import Attribution
    from bcos_core.numbers import number

    record = Attribution.from_dict(result["record"])
    lines = [f"{record.method} on {record.model}, {record.target.title}. {result['summary']}"]
    for layer, (heads, fed) in enumerate(zip(result["reads"], result["feed_forward"], strict=True), 1):
        attention = sum(sum(read) for read in heads)
        lines.append(
            f"  layer {layer:>3}: attention {number(attention, signed=True):>12}, "
            f"feed-forward {number(fed, signed=True):>12}"
        )
    lines.append("Strongest paths:")
    lines += [f"  {number(path['share'], signed=True):>12}  {path['path']}" for path in result["paths"]]
    return "\n".join(lines)
