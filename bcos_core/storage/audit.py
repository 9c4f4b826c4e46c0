"""Who did what: the door through which everything is done that a role may not do, and the log of it.

Rows are added, never changed; the database refuses anything else. They hold ids and names of accounts, never a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Connection, Integer, Select, String, Table, Text, func, insert, or_, select

from bcos_core.access.actor import Actor
from bcos_core.access.table import Action, require
from bcos_core.errors import NotAllowedError
from bcos_core.storage.database import Database
from bcos_core.storage.types import METADATA, UtcDateTime, utc_now

LONGEST = 255
REFUSED_IN_AN_HOUR = 1_000
"""Rows of what was refused to one account, or to all together who have none: nobody fills the disk with them."""

AUDIT = Table(
    "audit",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("actor", String(32), nullable=False, index=True),  # an account's or rater's id; "": who has none
    Column("name", String(LONGEST), nullable=False),  # as it was then
    Column("role", String(16), nullable=False),
    Column("mode", String(16), nullable=False),  # of sign-in
    Column("action", String(64), nullable=False),
    Column("subject", String(LONGEST), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("detail", Text, nullable=False),
)


class Outcome(StrEnum):
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did, or was not allowed to do."""

    id: int
    at: datetime
    actor: str
    name: str
    role: str
    mode: str
    action: str
    subject: str
    outcome: Outcome
    detail: str


_FIELDS = tuple(Entry.__dataclass_fields__)
Owner = Select[Any] | str | None
"""Of what something is done with: whose it is, or the query that says so; None where it is nobody's yet."""


@contextmanager
def deed(database: Database, action: Action, subject: str = "", *, owner: Owner = None) -> Iterator[Connection]:
    """A transaction in which the database's actor does something that not everybody may; it is in the log if it was
    done, and if it was refused.

    Raises:
        NotAllowedError: the actor may not do it with what belongs to `owner`. Nothing of the block was done.
        StorageError: the database cannot be written.
    """
    try:
        with database.write() as connection:
            require(database.actor, action, owner=_owner(connection, owner))
            yield connection
            note(connection, database.actor, action.value, subject)
    except NotAllowedError as error:
        _note_refusal(database, action, subject, error)
        raise


def permit(database: Database, action: Action, subject: str = "", *, owner: Owner = None) -> None:
    """The same for what is done outside of the database: in the log once it is allowed, before it is done.

    Raises:
        NotAllowedError: the actor may not do it with what belongs to `owner`.
    """
    with deed(database, action, subject, owner=owner):
        pass


def demand(database: Database, action: Action, subject: str = "", *, owner: Owner = None) -> None:
    """The same for what need not be in the log where it is allowed.

    Raises:
        NotAllowedError: the actor may not do it with what belongs to `owner`.
    """
    try:
        if isinstance(owner, Select):
            with database.read() as connection:
                owner = _owner(connection, owner)
        require(database.actor, action, owner=owner)
    except NotAllowedError as error:
        _note_refusal(database, action, subject, error)
        raise


def owner_of(table: Table, id: str) -> Select[Any]:
    """Whose a row with the columns `id` and `owner` is."""
    return select(table.c.owner).where(table.c.id == id)


def note(
    connection: Connection,
    actor: Actor,
    action: str,
    subject: str = "",
    *,
    outcome: Outcome = Outcome.DONE,
    detail: str = "",
) -> None:
    """Add a row, in the transaction of what it tells of."""
    row = {
        "at": utc_now(),
        "actor": actor.id,
        "name": actor.name[:LONGEST],
        "role": "" if actor.role is None else actor.role.value,
        "mode": actor.mode.value,
        "action": action,
        "subject": subject[:LONGEST],
        "outcome": outcome.value,
        "detail": detail,
    }
    connection.execute(insert(AUDIT), row)


def note_refused(database: Database, action: str, subject: str = "", *, detail: str) -> None:
    """Add a row of what was refused to the database's actor. The last one that fits into an hour says that it is.

    Raises:
        StorageError: the database cannot be written.
    """
    with database.read() as connection:  # whoever goes on and on keeps no writer waiting
        if _refused_lately(connection, database.actor) >= REFUSED_IN_AN_HOUR:
            return
    with database.write() as connection:
        before = _refused_lately(connection, database.actor)
        if before >= REFUSED_IN_AN_HOUR:
            return
        if before == REFUSED_IN_AN_HOUR - 1:
            detail += f" With this, {REFUSED_IN_AN_HOUR:,} refusals were written in an hour: further ones are not."
        note(connection, database.actor, action, subject, outcome=Outcome.REFUSED, detail=detail)


def entries(
    database: Database,
    *,
    person: str = "",
    action: str = "",
    outcome: Outcome | None = None,
    limit: int | None = None,
    before: int | None = None,
) -> list[Entry]:
    """The newest first; those of an actor by id or name, of one action, of one outcome; older than the row `before`.

    Raises:
        NotAllowedError: the actor may not see the log.
    """
    demand(database, Action.SEE_LOG)
    table = AUDIT.c
    query = select(*(table[name] for name in _FIELDS)).order_by(table.id.desc()).limit(limit)
    if person:
        query = query.where(or_(table.actor == person, table.name == person))
    if action:
        query = query.where(table.action == action)
    if outcome is not None:
        query = query.where(table.outcome == outcome.value)
    if before is not None:
        query = query.where(table.id < before)
    with database.read() as connection:
        return [Entry(**{**row._mapping, "outcome": Outcome(row.outcome)}) for row in connection.execute(query)]


def people_and_actions(database: Database) -> tuple[list[str], list[str]]:
    """The names and the actions that the log has, each sorted.

    Raises:
        NotAllowedError: the actor may not see the log.
    """
    demand(database, Action.SEE_LOG)
    with database.read() as connection:
        names = connection.execute(select(AUDIT.c.name).distinct().order_by(AUDIT.c.name)).scalars().all()
        actions = connection.execute(select(AUDIT.c.action).distinct().order_by(AUDIT.c.action)).scalars().all()
    return [str(name) for name in names], [str(action) for action in actions]


def _owner(connection: Connection, owner: Owner) -> str | None:
    """None also for what is not there: that it is not is for whoever does the deed to say."""
    return connection.scalar(owner) if isinstance(owner, Select) else owner


def _note_refusal(database: Database, action: Action, subject: str, error: NotAllowedError) -> None:
    note_refused(database, action.value, subject, detail=str(error))


def _refused_lately(connection: Connection, actor: Actor) -> int:
    """Rows of the last hour, counted no further than needed."""
    lately = (AUDIT.c.actor == actor.id, AUDIT.c.at > utc_now() - timedelta(hours=1))
    rows = select(AUDIT.c.id).where(*lately, AUDIT.c.outcome == Outcome.REFUSED.value).limit(REFUSED_IN_AN_HOUR)
    return int(connection.scalar(select(func.count()).select_from(rows.subquery())) or 0)
