"""`python -m bcos_core families`: which models can be converted, and what is tested on each family."""

from __future__ import annotations

import argparse
from typing import Any

EPILOG = """examples:
  python -m bcos_core families
  python -m bcos_core families --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `families` command."""
    parser = subparsers.add_parser(
        "families",
        help="list the model families that can be converted",
        description="List the model families that can be converted, what is tested on each, and what is refused.",
        epilog=EPILOG,
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """As `listed_families`."""
    from bcos_core.families.listing import listed_families

    return listed_families()


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    lines = []
    for family in result["families"]:
        weights = f" · tried on {family['weights']}" if family["weights"] else ""
        lines.append(f"{family['title']} ({family['kind']}; {', '.join(family['model_types'])}){weights}")
        lines += [
            f"    only with {needed['setting']} {' or '.join(map(repr, needed['values']))}: {needed['reason']}"
            for needed in family["requires"]
        ]
    lines += ["Tested on a tiny random model of each:", *(f"    {check}" for check in result["checks"])]
    lines += ["Refused:", *(f"    {name}: {reason}" for name, reason in result["refused"].items())]
    return "\n".join(lines)
