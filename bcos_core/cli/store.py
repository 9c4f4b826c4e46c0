"""`store`: the store of artefacts that several hosts share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bcos_core.errors import MismatchError
from bcos_core.numbers import count, file_size

DESCRIPTION = """The store that BCOS_STORE names, in which the models, results and uploads of several hosts lie. `check`
compares it with the database, and what of it is here with both; `push` puts what is only here, such as what was made
before there was a store; `pull` brings what is not here."""
EXAMPLES = """examples:
  python -m bcos_core store check
  python -m bcos_core store check --read --json
  python -m bcos_core store push
  python -m bcos_core store pull
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "store", help="the store of artefacts that several hosts share", description=DESCRIPTION, epilog=EXAMPLES
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True, title="actions")
    checking = actions.add_parser("check", help="is all of it there and whole")
    checking.add_argument("--read", action="store_true", help="read every object, and compare its hash")
    checking.add_argument("--remove", action="store_true", help="remove objects that nothing names, a day old or more")
    checking.set_defaults(run=check, show=show_check)
    pushing = actions.add_parser("push", help="put what is only here")
    pushing.add_argument("--again", action="store_true", help="also what the store should have and has not whole")
    pushing.set_defaults(run=push, show=show_moved)
    actions.add_parser("pull", help="bring what is not here").set_defaults(run=pull, show=show_moved)
    for action in (checking, pushing, *(actions.choices["pull"],)):
        action.add_argument("--json", action="store_true", help="print the result as JSON")


def check(args: argparse.Namespace) -> dict[str, Any]:
    """What was found.

    Raises:
        MismatchError: something is not as it should be, in the store or here.
        InputError, StorageError: there is no store, or it does not answer.
    """
    from bcos_core.jobs.store import JobStore
    from bcos_core.operations import artefacts

    of = artefacts.the_store(JobStore.open())
    found = artefacts.check(of, read=args.read)
    removed = artefacts.remove_left_over(of, found) if args.remove else {}
    result = {**asdict(found), "whole": found.whole, "removed": removed}
    if not found.whole:
        raise MismatchError(show_check(result), result)
    return result


def push(args: argparse.Namespace) -> dict[str, Any]:
    """What was put.

    Raises:
        MismatchError: something could not be.
        InputError, StorageError: there is no store, or it does not answer.
    """
    from bcos_core.operations import artefacts

    return _moved("put", *artefacts.push(_store(), again=args.again))


def pull(args: argparse.Namespace) -> dict[str, Any]:
    """What was brought; raises as `push` does."""
    from bcos_core.operations import artefacts

    return _moved("brought", *artefacts.pull(_store()))


def _store() -> Any:
    from bcos_core.jobs.store import JobStore
    from bcos_core.operations import artefacts

    return artefacts.the_store(JobStore.open())


def _moved(done: str, rows: Sequence[Any], failed: Sequence[Any]) -> dict[str, Any]:
    result = {
        "done": done,
        "artefacts": [row.path for row in rows],
        "bytes": sum(row.bytes for row in rows),
        "failed": [asdict(one) for one in failed],
    }
    if failed:
        raise MismatchError(show_moved(result), result)
    return result


def show_moved(result: dict[str, Any]) -> str:
    lines = [*result["artefacts"], *(f"{one['path']}: {one['reason']}" for one in result["failed"])]
    return "\n".join(
        [*lines, f"{count(len(result['artefacts']), 'artefact')}, {file_size(result['bytes'])}, {result['done']}."]
    )


def show_check(result: dict[str, Any]) -> str:
    lines = [f"In the store, {one['path']}: {one['reason']}" for one in result["wrong"]]
    lines += [f"Here, {one['path']}: {one['reason']}" for one in result["differs"]]
    for title, paths in (("Not here", result["not_here"]), ("Only here", result["only_here"])):
        lines += [f"{title}: {path}" for path in paths]
    if left := result["left_over"]:
        size = file_size(sum(left.values()))
        lines.append(f"{count(len(left), 'folder')} of objects, {size}, that nothing names; --remove removes old ones.")
    size, known = file_size(result["bytes"]), count(result["artefacts"], "artefact")
    end = "all as the database says" if result["whole"] else "not all as the database says"
    return "\n".join([*lines, f"{result['place']}: {known}, {size}, {end}."])
