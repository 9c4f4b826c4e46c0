"""Who has stored a file that a person sends, so that it counts for them: one table. A change needs a migration.

A file is named by its content: who sends what another has sent stores nothing new, and it counts for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Column, Connection, String, Table, delete, select

from bcos_core.home import Home
from bcos_core.storage.database import Database, upsert
from bcos_core.storage.types import METADATA, UtcDateTime, utc_now

STORED_FILES = Table(
    "stored_files",
    METADATA,
    Column("path", String(500), primary_key=True),  # "KIND/NAME" under a home
    Column("owner", String(32), primary_key=True),
    Column("stored_at", UtcDateTime, nullable=False),
)


def note_stored(database: Database, home: Home, path: Path) -> None:
    """The database's actor has stored a file, or a folder with one; nobody has who is no account.

    Raises:
        StorageError: the database cannot be written.
    """
    if owner := database.actor.owner:
        row = {"path": _named(home, path), "owner": owner, "stored_at": utc_now()}
        with database.write() as connection:
            upsert(connection, STORED_FILES, [row], key=("path", "owner"))


def stored_by(connection: Connection, home: Home, owner: str) -> Sequence[Path]:
    """What a person has stored; some of it may be gone."""
    paths = connection.execute(select(STORED_FILES.c.path).where(STORED_FILES.c.owner == owner)).scalars()
    return [home.root / path for path in paths]


def forget_stored(connection: Connection, home: Home, path: Path) -> None:
    """It is removed, in the transaction in which it goes."""
    connection.execute(delete(STORED_FILES).where(STORED_FILES.c.path == _named(home, path)))


def _named(home: Home, path: Path) -> str:
    return path.relative_to(home.root).as_posix()
