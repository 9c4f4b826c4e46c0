"""`python -m bcos_core models`: the trained checkpoints, and what can be converted."""

from __future__ import annotations

import argparse
from typing import Any

EPILOG = """examples:
  python -m bcos_core models
  python -m bcos_core models --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `models` command."""
    parser = subparsers.add_parser(
        "models",
        help="list trained checkpoints and supported families",
        description="List the trained checkpoints, newest first, and the model families that can be converted.",
        epilog=EPILOG,
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`{"checkpoints": [CheckpointInfo…], "left_out": [{"name", "reason"}…], "families": […], "embedded": name}`."""
    from dataclasses import asdict

    from bcos_core.families import FAMILIES
    from bcos_core.home import get_home
    from bcos_core.model.embedded import EMBEDDED
    from bcos_core.model.identity import checkpoint_notes
    from bcos_core.model.info import list_checkpoints

    listing = list_checkpoints(get_home())
    return {
        "checkpoints": [{**asdict(info), "path": str(info.path), "notes": checkpoint_notes(info)} for info in listing],
        "left_out": [asdict(one) for one in listing.left_out],
        "families": [family.title for family in FAMILIES.values()],
        "embedded": EMBEDDED,
    }


def show(result: dict[str, Any]) -> str:
    """The result of `run`, for a person."""
    lines = []
    for info in result["checkpoints"]:
        kind = f"B-cos, B = {info['b']:g}" if info["b"] is not None else "conventional"
        figures = "".join(f" · {name} {value:.3f}" for name, value in info["metrics"].items())
        lines += [f"{info['name']}", f"    {kind} · {info['family']} · {', '.join(info['labels'])}{figures}"]
        lines += [f"    {note}" for note in info["notes"]]
    if not lines:
        lines.append("No trained checkpoints yet. Start with: python -m bcos_core quickstart")
    lines += [f"Left out: {one['name']}. {one['reason']}" for one in result["left_out"]]
    lines.append(f"Can be converted: {', '.join(result['families'])}. Embedded model: {result['embedded']}.")
    return "\n".join(lines)
