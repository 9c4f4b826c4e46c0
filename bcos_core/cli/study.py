"""`python -m bcos_core study`: human-evaluation studies without a browser."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bcos_core.numbers import count

if TYPE_CHECKING:
    from bcos_core.study.crowd import Crowd

EXAMPLES = """examples:
  python -m bcos_core study demo
  python -m bcos_core study list
  python -m bcos_core study lock STUDY
  python -m bcos_core study export STUDY --to answers
  python -m bcos_core study simulate
  python -m bcos_core study simulate STUDY
  python -m bcos_core study simulate --raters 100 --items 40 --writers 8 --json
"""
SIMULATE = """examples:
  python -m bcos_core study simulate STUDY
  python -m bcos_core study simulate STUDY --preference 0
  python -m bcos_core study simulate --raters 100 --items 40 --writers 8 --json
"""
LOAD_RATERS, LOAD_ITEMS, LOAD_WRITERS, LOAD_CONDITIONS = 100, 40, 8, 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    about = "human-evaluation studies"
    parser = subparsers.add_parser("study", help=about, description=f"{about}.".capitalize(), epilog=EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True, title="actions")
    _add_simulate(actions)
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
        "preview",
        help="explain the first texts of a draft, to look at it as a rater",
        description="Explain the first of a draft's texts under every condition, so that the Studies page shows what "
        "a rater will see. Nothing is locked.",
    )
    action.add_argument("study", metavar="STUDY", help="its id, as `study list` gives it")
    action.set_defaults(run=run_preview, show=show_preview)
    action = actions.add_parser(
        "export",
        help="write answers, events, items and codebook of a closed study",
        description="Write what a closed study has: answers and events as CSV and Parquet, the locked items as "
        "records, a codebook, and a report as one HTML page.",
    )
    action.add_argument("study", metavar="STUDY", help="its id, as `study list` gives it")
    action.add_argument(
        "--panel-ids", action="store_true", help="with the raters' ids at the panel, which are personal data"
    )
    action.add_argument("--to", required=True, metavar="FOLDER", help="where to write; made if it is not there")
    action.set_defaults(run=run_export, show=show_export)


def _add_simulate(actions: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bcos_core.study.protocols import PROTOCOLS
    from bcos_core.study.taste import FAILED_CHECKS

    tastes = {name: PROTOCOLS[name].taste for name in PROTOCOLS}
    meanings = "; ".join(f"{name}: {taste.meaning} (default: {taste.usual:g})" for name, taste in tastes.items())
    action = actions.add_parser(
        "simulate",
        help="run a study with simulated raters of known taste",
        description="With STUDY: rehearse a locked study of any protocol. Its content is copied into a new study, "
        "marked as simulated, which simulated raters of a known taste answer; the results show what can be seen of it. "
        "STUDY itself is not touched. Without STUDY: a load test on made-up texts, which holds what the database has "
        f"against what was acknowledged. Raters fail {100 * FAILED_CHECKS:g} % of the attention checks, whatever "
        "their taste.",
        epilog=SIMULATE,
    )
    action.add_argument("study", metavar="STUDY", nargs="?", help="id of a locked study, as `study list` gives it")
    for flag, meaning, default in (
        ("--raters", "simulated raters", f"as many as fill STUDY, or {LOAD_RATERS}"),
        ("--items", "items of a load test, all rated by each rater", str(LOAD_ITEMS)),
        ("--writers", "processes, among which raters are shared out", f"1 for STUDY, or {LOAD_WRITERS}"),
        ("--conditions", "conditions of a load test", str(LOAD_CONDITIONS)),
    ):
        action.add_argument(flag, type=int, metavar="N", help=f"{meaning} (default: {default})")
    action.add_argument("--seed", type=int, default=0, metavar="N", help="seed of every random choice (default: 0)")
    action.add_argument(
        "--preference",
        type=float,
        metavar="X",
        help="how far the last condition is above the first, those between them evenly spaced. By protocol, it is "
        f"{meanings}. A load test is a rating study".replace("%", "%%"),
    )
    action.set_defaults(run=run_simulate, show=show_simulate)


def run_simulate(args: argparse.Namespace) -> dict[str, Any]:
    """`SimulationResult` as plain data.

    Raises:
        InputError: there is no such locked study, numbers that cannot be simulated, or a writer that failed.
    """
    from bcos_core.errors import InputError
    from bcos_core.study.crowd import Crowd

    if args.study is None:
        raters = LOAD_RATERS if args.raters is None else args.raters
        writers = LOAD_WRITERS if args.writers is None else args.writers
        items = LOAD_ITEMS if args.items is None else args.items
        conditions = LOAD_CONDITIONS if args.conditions is None else args.conditions
        return _load_test(Crowd(raters, writers, args.preference, args.seed), items, conditions)
    if args.items is not None or args.conditions is not None:
        raise InputError("--items and --conditions are for a load test; a study has its own. Leave them out.")
    return _rehearse(
        args.study, Crowd(args.raters, 1 if args.writers is None else args.writers, args.preference, args.seed)
    )


def _load_test(crowd: Crowd, items: int, conditions: int) -> dict[str, Any]:
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.simulate import simulate
    from bcos_core.study.synthetic import load_design, synthetic_study

    home = get_home()
    locked = synthetic_study(load_design(crowd.raters or LOAD_RATERS, items, conditions, crowd.seed))
    return simulate(home, open_database(home), locked, crowd).to_dict()


def _rehearse(id: str, crowd: Crowd) -> dict[str, Any]:
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.rehearsal_job import REHEARSE, RehearsalSpec
    from bcos_core.study.studies import Studies

    Studies(open_database(get_home())).locked(id)  # what is not locked is refused before there is a job
    result, _ = REHEARSE.run_here(RehearsalSpec(id, crowd))
    return result.to_dict()


def show_simulate(result: dict[str, Any]) -> str:
    return "\n".join(
        [
            f"Simulated study {result['study']}, “{result['title']}”: {count(result['raters'], 'rater')}, "
            f"{count(result['items'], 'item')}, {count(result['writers'], 'process', 'processes')}, "
            f"{result['seconds']:.1f} s.",
            f"  {result['truth']}",
            f"  {result['saved']} answers saved, {result['lost']} lost, {result['duplicated']} duplicated; "
            f"{result['retried']} were sent twice.",
            f"  Saving took {result['p50_ms']:.0f} ms in the median, {result['p95_ms']:.0f} ms at most for 95 %, "
            f"{result['max_ms']:.0f} ms for the slowest; the next item {result['next_p95_ms']:.0f} ms for 95 %.",
            f"  The cells of an item differ by at most {result['imbalance']}.",
            "Its results are on the Studies page, and `study export` writes them.",
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
        ],
        "left_out": [asdict(one) for one in found.left_out],
    }


def show_list(result: dict[str, Any]) -> str:
    lines = [
        f"{one['id']}  {one['status']:<6}  {one['title']}{'  (simulated)' if one['simulated'] else ''}"
        for one in result["studies"]
    ]
    lines += [f"Left out: {one['name']}. {one['reason']}" for one in result["left_out"]]
    return "\n".join(lines) or "There are no studies yet."


def run_demo(args: argparse.Namespace) -> dict[str, Any]:
    """A locked study of the newest B-cos model; where it cannot be locked, nothing is left of it.

    Raises:
        InputError: there is no B-cos model.
    """
    from contextlib import suppress

    from bcos_core.errors import StudyError
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.demo import demo_design
    from bcos_core.study.studies import Studies

    design = demo_design(get_home())
    studies = Studies(open_database(get_home()))
    study = studies.create(design.title, design.to_dict())
    try:
        return _lock(study.id)
    except BaseException:
        with suppress(StudyError):  # it was locked, or somebody has removed it
            studies.delete(studies.draft(study.id).id)
        raise


def run_lock(args: argparse.Namespace) -> dict[str, Any]:
    """The locked study's id, hash and number of items.

    Raises:
        StudyError: there is no such draft.
        InputError, DataError: its design cannot be carried out.
    """
    return _lock(args.study)


def _lock(id: str) -> dict[str, Any]:
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.lock_job import LOCK, LockSpec
    from bcos_core.study.studies import Studies

    Studies(open_database(get_home())).draft(id)  # what is no draft is refused before there is a job
    locked, _ = LOCK.run_here(LockSpec(id))
    return {"study": id, "hash": locked.hash, "items": len(locked.items)}


def show_lock(result: dict[str, Any]) -> str:
    return (
        f"Study {result['study']} is locked: {result['items']} items, SHA-256 {result['hash']}.\n"
        "Open it and invite raters on the Studies page."
    )


def run_preview(args: argparse.Namespace) -> dict[str, Any]:
    """The draft's id, and how many items were explained.

    Raises:
        StudyError: there is no such draft.
        InputError, DataError: its design cannot be carried out.
    """
    from bcos_core.home import get_home
    from bcos_core.storage.upgrade import open_database
    from bcos_core.study.preview_job import PREVIEW, PreviewSpec
    from bcos_core.study.studies import Studies

    Studies(open_database(get_home())).draft(args.study)  # what is no draft is refused before there is a job
    shown, _ = PREVIEW.run_here(PreviewSpec(args.study))
    return {"study": args.study, "items": len(shown.items)}


def show_preview(result: dict[str, Any]) -> str:
    return f"{result['items']} items of study {result['study']} are explained. Look at them on the Studies page."


def run_export(args: argparse.Namespace) -> dict[str, Any]:
    """The files that were written.

    Raises:
        StudyError: there is no such study, or it is not closed.
        StorageError: the folder cannot be written.
    """
    from pathlib import Path

    from bcos_core.home import get_home
    from bcos_core.model.info import list_checkpoints
    from bcos_core.render.study_export import export_study
    from bcos_core.storage.places import everywhere
    from bcos_core.storage.upgrade import open_database

    home = get_home()
    models = {place: info.name for info in list_checkpoints(home) for place in everywhere(info.path, home)}
    files = export_study(open_database(home), args.study, Path(args.to), panel_ids=args.panel_ids, models=models)
    return {"files": [str(file) for file in files]}


def show_export(result: dict[str, Any]) -> str:
    return "\n".join(["Written:", *(f"  {file}" for file in result["files"])])
