"""`python -m bcos_core study`: human-evaluation studies without a browser."""

from __future__ import annotations

import argparse
from typing import Any

EXAMPLES = """examples:
  python -m bcos_core study simulate
  python -m bcos_core study simulate --raters 100 --items 40 --writers 8 --json
"""
SIMULATE = """examples:
  python -m bcos_core study simulate --preference 0
  python -m bcos_core study simulate --raters 100 --items 40 --writers 8 --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "human-evaluation studies"
    parser = subparsers.add_parser("study", help=about, description=f"{about}.".capitalize(), epilog=EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True, title="actions")
    action = actions.add_parser(
        "simulate",
        help="run a study with simulated raters of known taste",
        description="Make a study of its own, marked as simulated, let simulated raters answer it from several "
        "processes at once, and hold what the database has against what was acknowledged.",
        epilog=SIMULATE,
    )
    for flag, default, meaning in (
        ("--raters", 100, "simulated raters"),
        ("--items", 40, "items, all rated by each of them"),
        ("--writers", 8, "processes, among which the raters are shared out"),
        ("--conditions", 2, "ways in which an item can be shown"),
        ("--seed", 0, "seed of every random choice"),
    ):
        action.add_argument(flag, type=int, default=default, metavar="N", help=f"{meaning} (default: {default})")
    action.add_argument(
        "--preference",
        type=float,
        default=0.5,
        metavar="X",
        help="points by which the last condition is rated above the first, on a scale from 1 to 5 (default: 0.5)",
    )
    action.set_defaults(run=run_simulate, show=show_simulate)


def run_simulate(args: argparse.Namespace) -> dict[str, Any]:
    """`SimulationResult` as plain data.

    Raises:
        StudyError: numbers that cannot be simulated, or a writer that failed.
    """
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.simulate import Simulation, simulate

    simulation = Simulation(
        raters=args.raters,
        items=args.items,
        writers=args.writers,
        conditions=args.conditions,
        preference=args.preference,
        seed=args.seed,
    )
    home = get_home()
    return simulate(home, open_database(home), simulation).to_dict()


def show_simulate(result: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"Simulated study {result['study']}: {result['raters']} raters × {result['items']} items, "
            f"{result['writers']} processes, {result['seconds']:.1f} s.",
            f"  {result['saved']} answers saved, {result['lost']} lost, {result['duplicated']} duplicated; "
            f"{result['retried']} were sent twice.",
            f"  Saving took {result['p50_ms']:.0f} ms in the median, {result['p95_ms']:.0f} ms at most for 95 %, "
            f"{result['max_ms']:.0f} ms for the slowest; the next item {result['next_p95_ms']:.0f} ms for 95 %.",
            f"  The cells of an item differ by at most {result['imbalance']}.",
        ]
    )
