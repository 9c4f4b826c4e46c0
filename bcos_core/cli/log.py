"""`python -m bcos_core log`: who did what."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

EXAMPLES = """examples:
  python -m bcos_core log
  python -m bcos_core log --person ada --limit 200
  python -m bcos_core log --refused --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "log",
        help="who did what, and what was refused",
        description="Who did what, and what was refused: the newest first. Rows are added, never changed, and hold no "
        "texts.",
        epilog=EXAMPLES,
    )
    parser.add_argument("--person", default="", metavar="NAME", help="only what this one did")
    parser.add_argument("--action", default="", metavar="WORDS", help="only this, as the log calls it")
    parser.add_argument("--refused", action="store_true", help="only what was refused")
    parser.add_argument("--limit", type=int, default=50, metavar="N", help="so many (default: 50)")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    from bcos_core.home import get_home
    from bcos_core.storage.audit import Outcome, entries
    from bcos_core.storage.upgrade import open_database

    outcome = Outcome.REFUSED if args.refused else None
    found = entries(
        open_database(get_home()),
        person=args.person,
        action=args.action,
        outcome=outcome,
        limit=max(1, args.limit),
    )
    return {"log": [asdict(entry) for entry in found]}


def show(result: dict[str, Any]) -> str:
    return "\n".join(_line(entry) for entry in result["log"]) or "Nothing was done yet."


def _line(entry: dict[str, Any]) -> str:
    who = f"{entry['name']} ({entry['mode']})"
    parts = (f"{entry['at']:%Y-%m-%d %H:%M:%S}", who, entry["action"], entry["subject"], entry["outcome"])
    return "  ".join(part for part in parts if part) + (f": {entry['detail']}" if entry["detail"] else "")
