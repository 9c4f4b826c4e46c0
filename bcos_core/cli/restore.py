"""`python -m bcos_core restore`: put a backup in the place of the database."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from bcos_core.errors import InputError

EXAMPLES = """examples:
  python -m bcos_core restore bcos-20261128-160000.sqlite3
  python -m bcos_core restore bcos-20261128-160000.dump --force
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "restore",
        help="put a backup in the place of the database",
        description="Put a file of `backup` in the place of the database, checked first, in one transaction, and bring "
        "it to this version. End the dashboard and its supervisor before.",
        epilog=EXAMPLES,
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` has written")
    parser.add_argument("--force", action="store_true", help="replace a database that has rows")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """What was `restored`, and into which `database`.

    Raises:
        InputError: a file that cannot be used, a database that has rows, or a supervisor runs.
        StorageError: the database cannot be written, or PostgreSQL's programs are missing.
    """
    from bcos_core.cli.tables import TABLES
    from bcos_core.home import get_home
    from bcos_core.jobs.supervisor_lock import supervisor_alive
    from bcos_core.storage.backup import restore
    from bcos_core.storage.database import open_engine
    from bcos_core.storage.failures import place_of

    home = get_home()
    if supervisor_alive(home):
        raise InputError("A supervisor runs, and writes to the database. `supervise --stop` ends it; then restore.")
    restore(home, args.file, TABLES, force=args.force)
    return {"restored": str(args.file.absolute()), "database": place_of(open_engine(home).url)}


def show(result: dict[str, Any]) -> str:
    return f"Restored {result['restored']} into the database {result['database']}."
