"""`clean`: what nothing uses any more, listed, and removed where that is asked for."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from bcos_core.errors import InputError
from bcos_core.numbers import count, file_size

EXAMPLES = """examples:
  python -m bcos_core clean --dry-run
  python -m bcos_core clean
  python -m bcos_core clean --kinds trash unfinished --older-than 60 --dry-run
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from bcos_core.operations.clean import KINDS

    kinds = ", ".join(
        f"{kind.name} ({kind.title.lower()}, after {kind.days:g} days{'; only if named' if kind.asked else ''})"
        for kind in KINDS.values()
    )
    parser = subparsers.add_parser(
        "clean",
        help="remove what nothing uses any more",
        description="Find what nothing uses any more under BCOS_HOME, and remove it; --dry-run only lists it, with "
        f"sizes. Each removal is written to cleaned.log. Kinds: {kinds}.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--dry-run", action="store_true", help="remove nothing: say what would go")
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="these kinds alone")
    parser.add_argument(
        "--older-than", type=float, metavar="DAYS", help="only what nothing has used for so long, whatever its kind"
    )
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """What was found (`dry_run`) or removed.

    Raises:
        InputError: an unknown kind, or an age that is none.
        StorageError: something cannot be removed.
    """
    from bcos_core.jobs.store import JobStore
    from bcos_core.operations.clean import find, remove

    older = args.older_than
    if older is not None and not 0 <= older < 1e5:
        raise InputError(f"--older-than is {older:g}; give a number of days from 0 on.")
    age = None if older is None else timedelta(days=older)
    store = JobStore.open()
    found = find(store, kinds=args.kinds, older_than=age)
    gone = found if args.dry_run else remove(store, found, older_than=age)
    listed = [{"kind": one.kind, "path": str(one.path), "bytes": one.bytes, "why": one.why} for one in gone]
    return {"dry_run": args.dry_run, "things": listed, "bytes": sum(one.bytes for one in gone)}


def show(result: dict[str, Any]) -> str:
    if not result["things"]:
        return "There is nothing to remove."
    lines = [
        f"{file_size(one['bytes']):>9}  {one['kind']:<12}  {one['path']}  {one['why']}" for one in result["things"]
    ]
    all_of = f"{count(len(result['things']), 'thing')}, {file_size(result['bytes'])}"
    end = f"{all_of} would be removed. Nothing was." if result["dry_run"] else f"{all_of} were removed."
    return "\n".join([*lines, end])
