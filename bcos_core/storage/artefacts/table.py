"""What exists in the store, where its hosts' homes lie, and what the store knows them all by: three tables. A change
needs a migration.

A row of `artefacts` is known by its `path`, "KIND/NAME" under a home. It stays when the artefact is `gone`, so that
other hosts remove theirs: `moved_to` says where it went. `change` grows with every change of a row.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    func,
    insert,
    select,
    text,
    update,
)

from bcos_core.storage.database import upsert
from bcos_core.storage.types import METADATA, UtcDateTime, utc_now

ARTEFACTS = Table(
    "artefacts",
    METADATA,
    Column("path", String(500), primary_key=True),
    Column("content", String(64), nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("files", Integer, nullable=False),
    Column("objects", String(64), nullable=False, index=True),  # their folder in the store
    Column("about", Text, nullable=True),  # what people say of it, as its file has it
    Column("made_at", UtcDateTime, nullable=False),
    Column("change", BigInteger, nullable=False, index=True),
    Column("gone", Boolean, nullable=False),
    Column("moved_to", String(500), nullable=False),
)

HOMES = Table("homes", METADATA, Column("path", String(500), primary_key=True))
"""Every folder that is or was the home of a host."""

INSTALLATION = Table("installation", METADATA, Column("id", String(32), primary_key=True))
"""One row from when a store is first asked: what all hosts of this database are called in it. It goes with a backup and
a migration, as all rows do."""


@dataclass(frozen=True)
class Row:
    """An artefact as the database has it; the fields are the columns."""

    path: str
    content: str
    bytes: int
    files: int
    objects: str
    about: str | None
    made_at: datetime
    gone: bool = False
    moved_to: str = ""

    @property
    def kind(self) -> str:
        """The folder of the home in which it lies."""
        return self.path.partition("/")[0]


_COLUMNS = [column for column in ARTEFACTS.c if column.name != "change"]


def latest_change(connection: Connection) -> int:
    """A number that is another one as soon as a row has changed."""
    return int(connection.execute(select(func.coalesce(func.max(ARTEFACTS.c.change), 0))).scalar_one())


def row_of(connection: Connection, path: str) -> Row | None:
    """The artefact at a path, None where there is none any more."""
    query = select(*_COLUMNS).where(ARTEFACTS.c.path == path, ARTEFACTS.c.gone.is_(False))
    found = connection.execute(query).mappings().first()
    return None if found is None else Row(**found)


def rows(connection: Connection, *, gone: bool | None = None) -> Sequence[Row]:
    """All of them, the newest first; those that are `gone` or not, where that is asked."""
    query = select(*_COLUMNS).order_by(ARTEFACTS.c.change.desc())
    if gone is not None:
        query = query.where(ARTEFACTS.c.gone.is_(gone))
    return [Row(**found) for found in connection.execute(query).mappings()]


def totals(connection: Connection) -> tuple[int, int, int]:
    """How many artefacts there are, and the number and bytes of their files."""
    columns = (
        func.count(),
        func.sum(ARTEFACTS.c.files),
        func.sum(ARTEFACTS.c.bytes),
    )
    count, files, size = connection.execute(select(*columns).where(ARTEFACTS.c.gone.is_(False))).one()
    return int(count), int(files or 0), int(size or 0)


def keep(connection: Connection, given: Iterable[Row]) -> list[str]:
    """Write rows, in a transaction in which nobody else writes; the folders of objects that they replace."""
    replaced = []
    for row in given:
        before = connection.execute(select(ARTEFACTS.c.objects).where(ARTEFACTS.c.path == row.path)).scalar()
        columns = {**row.__dict__, "change": latest_change(connection) + 1}
        upsert(connection, ARTEFACTS, [columns], key=("path",))
        if before is not None and before != row.objects:
            replaced.append(str(before))
    return _unnamed(connection, replaced)


def say(connection: Connection, path: str, about: str | None) -> None:
    """Write what people say of an artefact."""
    _change(connection, path, about=about)


def forget(connection: Connection, paths: Iterable[str]) -> list[str]:
    """Artefacts are gone; the folders of their objects."""
    left = []
    for path in paths:
        if (row := row_of(connection, path)) is not None:
            _change(connection, path, gone=True, moved_to="")
            left.append(row.objects)
    return _unnamed(connection, left)


def move(connection: Connection, source: str, target: str) -> None:
    """An artefact is called otherwise from now on; nothing where there is none."""
    if (row := row_of(connection, source)) is not None:
        _change(connection, source, gone=True, moved_to=target)
        keep(connection, [Row(**{**row.__dict__, "path": target})])


def note_home(connection: Connection, places: Iterable[str]) -> None:
    """Keep in mind folders that are the home of a host."""
    known = set(homes(connection))
    for place in places:
        if place not in known:
            connection.execute(insert(HOMES).values(path=place))


def homes(connection: Connection) -> Sequence[str]:
    """Every folder that is or was the home of a host."""
    return list(connection.execute(select(HOMES.c.path).order_by(HOMES.c.path)).scalars())


def installation(connection: Connection) -> str | None:
    """What it is called, None where no store was asked yet."""
    found = connection.execute(select(INSTALLATION.c.id)).scalar()
    return None if found is None else str(found)


def name_installation(connection: Connection) -> str:
    """`installation`, with a random name where it has none, in a transaction in which nobody else writes."""
    if (found := installation(connection)) is not None:
        return found
    name = secrets.token_hex(16)
    connection.execute(insert(INSTALLATION).values(id=name))
    return name


def active_jobs(connection: Connection) -> Sequence[str]:
    """The ids of jobs that wait or run."""
    return list(connection.execute(text("SELECT id FROM jobs WHERE state IN ('queued', 'running')")).scalars())


def new_row(path: str, *, content: str, bytes: int, files: int, objects: str, about: str | None) -> Row:
    """An artefact that is made now."""
    return Row(path, content, bytes, files, objects, about, utc_now())


def _change(connection: Connection, path: str, **columns: object) -> None:
    values = {**columns, "change": latest_change(connection) + 1}
    connection.execute(update(ARTEFACTS).where(ARTEFACTS.c.path == path).values(values))


def _unnamed(connection: Connection, objects: Sequence[str]) -> list[str]:
    """Those that no artefact has: one that was moved has the same as it had."""
    query = select(ARTEFACTS.c.objects).where(ARTEFACTS.c.objects.in_(objects), ARTEFACTS.c.gone.is_(False))
    named = set(connection.execute(query).scalars()) if objects else set()
    return [one for one in objects if one not in named]
