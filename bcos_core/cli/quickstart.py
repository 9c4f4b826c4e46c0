"""`python -m bcos_core quickstart`: both models on the embedded model and data, in a few minutes."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.cli.train import do, show

EPILOG = """examples:
  python -m bcos_core quickstart
  python -m bcos_core quickstart --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `quickstart` command."""
    parser = subparsers.add_parser(
        "quickstart",
        help="train a B-cos model and its conventional twin on the embedded data",
        description="Calibrated conversion of the embedded model, fine-tuning of the B-cos model, with deletion "
        "consistency, and of its conventional twin on short movie sentences, and test scores: a few minutes on two "
        "cores.",
        epilog=EPILOG,
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The result of `TrainResult.to_dict`, and the job's id."""
    from bcos_core.train.job import QUICKSTART
    from bcos_core.train.quickstart import quickstart_spec

    return do(QUICKSTART, quickstart_spec())
