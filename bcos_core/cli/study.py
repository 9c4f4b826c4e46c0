"""`python -m bcos_core study`: human-evaluation studies without a browser."""

from __future__ import annotations

import argparse
from typing import Any

EXAMPLES = """examples:
  python -m bcos_core study demo
  python -m bcos_core study list
  python -m bcos_core study lock STUDY
  python -m bcos_core study export STUDY --to answers
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
    action = actions.add_parser("list", help="the studies that there are", description="The studies that there are.")
    action.set_defaults(run=run_list, show=show_list)
    action = actions.add_parser(
        "demo",
        help="make a study of the newest B-cos model, and lock it",
        description="Make a rating study of the newest B-cos model's heatmaps, and lock it.",
    )
    action.set_defaults(run=run_demo, show=show_lock)
    action = actions.add_parser(
        "lock",
        help="freeze a draft: choose its texts and explain them",
        description="Choose a draft's texts, explain each under every condition, and freeze all that raters will see.",
    )
    action.add_argument("study", metavar="STUDY", help="its id, as `study list` gives it")
    action.set_defaults(run=run_lock, show=show_lock)
    action = actions.add_parser(
        "export",
        help="write answers, events, items and codebook of a closed study",
        description="Write what a closed study has: answers and events as CSV and Parquet, the locked items as "
        "records, a codebook, and a report as one HTML page.",
    )
    action.add_argument("study", metavar="STUDY", help="its id, as `study list` gives it")
    action.add_argument("--to", required=True, metavar="FOLDER", help="where to write; made if it is not there")
    action.set_defaults(run=run_export, show=show_export)


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


def run_list(args: argparse.Namespace) -> dict[str, Any]:
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.studies import Studies

    found = Studies(open_database(get_home())).list()
    return {
        "studies": [
            {"id": one.id, "title": one.title, "status": one.status.value, "simulated": one.simulated} for one in found
        ]
    }


def show_list(result: dict[str, Any]) -> str:
    if not result["studies"]:
        return "There are no studies yet."
    return "\n".join(
        f"{one['id']}  {one['status']:<6}  {one['title']}{'  (simulated)' if one['simulated'] else ''}"
        for one in result["studies"]
    )


def run_demo(args: argparse.Namespace) -> dict[str, Any]:
    """A locked study of the newest B-cos model.

    Raises:
        InputError: there is no B-cos model.
    """
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.demo import demo_design
    from bcos_core.study.studies import Studies

    design = demo_design(get_home())
    study = Studies(open_database(get_home())).create(design.title, design.to_dict())
    return lock_as_job(study.id)


def run_lock(args: argparse.Namespace) -> dict[str, Any]:
    """The locked study's id, hash and number of items.

    Raises:
        StudyError: there is no such draft.
        InputError, DataError: its design cannot be carried out.
    """
    return lock_as_job(args.study)


def lock_as_job(id: str) -> dict[str, Any]:
    from bcos_core.home import get_home
    from bcos_core.jobs.run import job_run
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.lock_run import lock_study
    from bcos_core.study.studies import Studies

    home = get_home()
    study = Studies(open_database(home)).draft(id)
    with job_run("study", lock_title(study.title), lock_argv(id), {"study": id}, lock_key(id), home=home) as job:
        locked = lock_study(id, home=home, reporter=job.reporter)
        result = {"study": id, "hash": locked.hash, "items": len(locked.items)}
        job.finish(result)
    return result


def lock_title(title: str) -> str:
    return f"Lock a study · {title}"


def lock_key(id: str) -> str:
    """The same for two requests to lock a study."""
    return f"study:{id}"


def lock_argv(id: str) -> list[str]:
    """The command line, after the interpreter, that locks a study."""
    return ["-m", "bcos_core", "study", "lock", "--json", id]


def show_lock(result: dict[str, Any]) -> str:
    return (
        f"Study {result['study']} is locked: {result['items']} items, SHA-256 {result['hash']}.\n"
        "Open it and invite raters on the Studies page."
    )


def run_export(args: argparse.Namespace) -> dict[str, Any]:
    """The files that were written.

    Raises:
        StudyError: there is no such study, or it is not closed.
        StorageError: the folder cannot be written.
    """
    from pathlib import Path

    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.export import export_study

    files = export_study(open_database(get_home()), args.study, Path(args.to))
    return {"files": [str(file) for file in files]}


def show_export(result: dict[str, Any]) -> str:
    return "\n".join(["Written:", *(f"  {file}" for file in result["files"])])
