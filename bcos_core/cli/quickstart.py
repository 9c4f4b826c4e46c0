"""`python -m bcos_core quickstart`: both models on the embedded model and data, in a few minutes."""

from __future__ import annotations

import argparse
from typing import Any

from bcos_core.cli.train import run_job, show

EPILOG = """examples:
  python -m bcos_core quickstart
  python -m bcos_core quickstart --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `quickstart` command."""
    parser = subparsers.add_parser(
        "quickstart",
        help="train a B-cos model and its conventional twin on the embedded data",
        description="Calibrated conversion of the embedded model, fine-tuning of the B-cos model and of its "
        "conventional twin on short movie sentences, and test scores: a few minutes on two cores.",
        epilog=EPILOG,
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The result of `TrainResult.to_dict`, and the job's id."""
    from bcos_core.train.quickstart import quickstart_spec

    return run_job("quickstart", quickstart_spec(), lambda _: quickstart_argv())


def run_stored(spec: dict[str, Any]) -> dict[str, Any]:
    """The same for the job that this process was started for.

    Raises:
        InputError: another version of the program stored `spec`.
    """
    from bcos_core.train.spec import TrainSpec

    return run_job("quickstart", TrainSpec.from_dict(spec), lambda _: quickstart_argv())


def quickstart_argv() -> list[str]:
    """The command line, after the interpreter."""
    return ["-m", "bcos_core", "quickstart", "--json"]
