"""`health`: whether the dashboard can do its work, for a container, a service manager or a person."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from bcos_core.errors import BcosError

EXAMPLES = """examples:
  python -m bcos_core health
  python -m bcos_core health --port 8501
  python -m bcos_core health --only database home disk --json
"""
NAMES = ("database", "home", "disk", "supervisor")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "health",
        help="whether everything that the dashboard needs is there",
        description="Look whether the database is reachable and of this version, BCOS_HOME can be written, its disk "
        "has room and a supervisor runs; with --port, whether the dashboard answers there. Exit code 1 where one "
        "does not. Nothing is made or changed.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, metavar="CHECK", help=f"some of: {', '.join(NAMES)}")
    parser.add_argument("--port", type=int, metavar="PORT", help="look at the dashboard on this port, too")
    parser.add_argument("--path", default="", metavar="PREFIX", help="the path that it is served under (BCOS_PATH)")
    parser.set_defaults(run=run, show=show)


class NotReadyError(BcosError):
    """Says which checks have failed, and what they found."""


def run(args: argparse.Namespace) -> dict[str, Any]:
    """
    Raises:
        NotReadyError: a check has failed.
    """
    from bcos_core.home import get_home
    from bcos_core.operations.checks import readiness, server_check

    checks = [check for check in readiness(get_home()) if args.only is None or check.name in args.only]
    if args.port is not None:
        checks.append(server_check("127.0.0.1", args.port, path=args.path))
    if failed := [check for check in checks if not check.ok]:
        raise NotReadyError("Not ready. " + " ".join(f"{check.name.capitalize()}: {check.words}" for check in failed))
    return {"ok": True, "checks": [asdict(check) for check in checks]}


def show(result: dict[str, Any]) -> str:
    return "\n".join(f"{check['name']}: {check['words']}" for check in result["checks"])
