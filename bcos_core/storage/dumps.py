"""Backups of a PostgreSQL database, by the programs that come with it: pg_dump, pg_restore and psql."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import URL

from bcos_core.errors import InputError, StorageError
from bcos_core.storage.failures import place_of

_MAGIC = b"PGDMP"
_RESTRICTED = re.compile(r"(?:(?:--.*)?\n)*\\restrict \w+\n")
"""How a script begins in which psql runs SQL alone, whatever else an archive has put there (CVE-2025-8714)."""
FUNCTIONS = ("audit_only_grows",)
"""What migrations have made beside tables, and a dump makes anew."""


def dump(url: URL, target: Path) -> None:
    """Write an archive of the database, of one moment, and read its table of contents back.

    Raises:
        StorageError: it cannot be written, or the programs are missing.
    """
    _run(["pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}", _address(url)], url)
    _run(["pg_restore", "--list", str(target)], url)


def is_dump(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(_MAGIC)) == _MAGIC


def revision_of(url: URL, file: Path) -> str:
    """The revision of the tables in an archive.

    Raises:
        InputError: it is no archive of this program's database.
    """
    try:
        script = _run(["pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file)], url)
    except StorageError as error:
        raise InputError(f"{file} is no whole backup of a PostgreSQL database ({error}).") from error
    found = re.search(r"^COPY .*alembic_version.*\n(\S+)\n\\\.$", script, flags=re.MULTILINE)
    if found is None:
        raise InputError(f"{file} is no backup of this program's database: it has no alembic_version.")
    return found[1]


def restore(url: URL, file: Path, present: Sequence[str]) -> None:
    """Put an archive in the place of the tables `present`, in one transaction.

    Raises:
        StorageError: it cannot be; what was there is intact.
    """
    script = _run(["pg_restore", "--no-owner", "--no-privileges", "--file=-", str(file)], url)
    if _RESTRICTED.match(script) is None:
        raise StorageError(
            "This version of pg_restore lets an archive run commands of psql, and so any program. Update PostgreSQL's "
            "programs (13.22, 14.19, 15.14, 16.10, 17.6, or newer). Nothing was changed."
        )
    dropped = "".join(f'DROP TABLE "{name}" CASCADE;\n' for name in present)
    dropped += "".join(f"DROP FUNCTION IF EXISTS {name}() CASCADE;\n" for name in FUNCTIONS)
    psql = ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
    _run([*psql, f"--dbname={_address(url)}"], url, given=dropped + script)


def _address(url: URL) -> str:
    """Without the password: whoever lists processes sees a command's words."""
    return url.set(drivername="postgresql", password=None).render_as_string()


def _run(command: list[str], url: URL, *, given: str = "") -> str:
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    try:
        done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    except OSError as error:
        raise StorageError(
            f"{command[0]} cannot be run ({error.strerror}). Install PostgreSQL's programs; on Debian: "
            "apt-get install postgresql-client."
        ) from error
    if done.returncode:
        said = " ".join(done.stderr.split())[-500:]
        raise StorageError(f"{command[0]} has failed for the database {place_of(url)} ({said}). Nothing was changed.")
    return done.stdout
