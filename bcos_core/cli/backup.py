"""`python -m bcos_core backup`: a whole copy of the database, while others write to it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bcos_core.numbers import file_size

EXAMPLES = """examples:
  python -m bcos_core backup
  python -m bcos_core backup /media/disk/studies.sqlite3 --force --json
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "backup",
        help="copy the database into one file, while others write to it",
        description="Copy the database (jobs, measurements, studies with their answers) into one file, and check the "
        "copy. `restore` puts it back.",
        epilog=EXAMPLES,
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="default: bcos-DATE-TIME.sqlite3 in this folder, .dump of PostgreSQL",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """The finished backup: `path` and `bytes`.

    Raises:
        InputError: a file that cannot be used.
        StorageError: the copy failed, or PostgreSQL's pg_dump is missing.
    """
    from bcos_core.home import get_home
    from bcos_core.storage.backup import back_up
    from bcos_core.storage.types import utc_now
    from bcos_core.storage.upgrade import open_database

    database = open_database(get_home())
    ending = "sqlite3" if database.is_sqlite else "dump"
    path = args.file or Path(f"bcos-{utc_now():%Y%m%d-%H%M%S}.{ending}")
    backup = back_up(database, path, force=args.force)
    return {"path": str(backup.path), "bytes": backup.bytes}


def show(result: dict[str, Any]) -> str:
    return f"Copied and checked: {result['path']} ({file_size(result['bytes'])})."
