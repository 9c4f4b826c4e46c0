"""`python -m bcos_core migrate`: bring the database to this version, or copy it into another one."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Any

from bcos_core.errors import InputError
from bcos_core.numbers import count

TO = "--to"
EXAMPLES = """examples:
  python -m bcos_core migrate
  python -m bcos_core migrate --to postgresql://bcos:PASSWORD@db.example.org/bcos
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "migrate",
        help="bring the database to this version, or copy it into another",
        description="Bring the database to the tables of this version (whatever opens it does so, too). With --to, "
        "copy all of it into another, empty one, such as from the SQLite file to PostgreSQL: table by table, compared "
        "by counts and checksums, all of it or nothing. Models, logs and results stay in their folders.",
        epilog=EXAMPLES,
    )
    parser.add_argument(TO, metavar="URL", help="the address of an empty database, as for BCOS_DATABASE_URL")
    parser.set_defaults(run=run, show=show)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """`database` and its `revision` before and after; with `--to`, where it was `copied`, and each of its `tables`.

    Raises:
        InputError: the target has rows, or a supervisor runs.
        StorageError: a database cannot be used.
    """
    from bcos_core.cli.tables import TABLES
    from bcos_core.home import get_home
    from bcos_core.jobs.supervisor_lock import supervisor_alive
    from bcos_core.storage.database import Database, open_engine, read_url
    from bcos_core.storage.failures import place_of
    from bcos_core.storage.transfer import copy_database
    from bcos_core.storage.upgrade import open_database, revisions_of

    home = get_home().create()
    before, newest = revisions_of(Database(open_engine(home)))
    source = open_database(home)
    done = {"database": place_of(source.engine.url), "before": before, "after": newest}
    if args.to is None:
        return {**done, "copied": None, "tables": []}
    if supervisor_alive(home):
        raise InputError("A supervisor runs: what its jobs write would be lost. `supervise --stop` ends it; then copy.")
    target = Database(open_engine(home, read_url(args.to, TO)), named=TO)
    copied = copy_database(source, target, TABLES, home)
    return {**done, "copied": place_of(target.engine.url), "tables": [asdict(one) for one in copied]}


def show(result: dict[str, Any]) -> str:
    if result["copied"] is None:
        before, after = result["before"], result["after"]
        changed = f"is now at revision {after}" if before != after else f"is at revision {after} already"
        return f"The database {result['database']} {changed}."
    lines = [f"  {one['table']:<20} {one['rows']:>10,} rows  {one['checksum'][:12]}" for one in result["tables"]]
    rows = count(sum(one["rows"] for one in result["tables"]), "row")
    said = f"Copied and compared: {rows} from {result['database']} to {result['copied']}."
    return "\n".join([said, *lines, "Set BCOS_DATABASE_URL to that address from now on."])
