"""The sessions of people who came in by a password: how long each lasts, which are open, and how an admin ends one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select

from bcos_core.access.table import Action
from bcos_core.accounts.schema import USER_SESSIONS, USERS
from bcos_core.errors import AccountError
from bcos_core.storage.audit import deed, demand
from bcos_core.storage.database import Database

LIFE = timedelta(days=7)
IDLE = timedelta(hours=12)


@dataclass(frozen=True)
class OpenSession:
    """One browser in which somebody is signed in. `id` lets nobody in; `address` is whence it was begun, "" for this
    machine."""

    id: str
    address: str
    created_at: datetime
    seen_at: datetime


def is_open(now: datetime) -> ColumnElement[bool]:
    """Of a row of `USER_SESSIONS`."""
    table = USER_SESSIONS.c
    return (table.expires_at > now) & (table.seen_at > now - IDLE)


def open_sessions(database: Database, user: str, *, now: datetime) -> list[OpenSession]:
    """Those of an account, the one that was used last first.

    Raises:
        NotAllowedError: the database's actor may not manage people.
    """
    demand(database, Action.MANAGE_PEOPLE)
    table = USER_SESSIONS.c
    query = select(table.token_hash, table.address, table.created_at, table.seen_at)
    with database.read() as connection:
        found = connection.execute(query.where(table.user == user, is_open(now)).order_by(table.seen_at.desc()))
        return [OpenSession(*row) for row in found]


def end_session(database: Database, user: str, id: str) -> None:
    """Sign somebody out in one browser; their other sessions go on.

    Raises:
        AccountError: it has ended already.
        NotAllowedError: the database's actor may not manage people.
    """
    table = USER_SESSIONS.c
    with database.read() as connection:
        name = connection.scalar(select(USERS.c.name).where(USERS.c.id == user))
    with deed(database, Action.MANAGE_PEOPLE, f"{name or 'nobody'}: one session ended") as connection:
        if connection.execute(delete(USER_SESSIONS).where(table.user == user, table.token_hash == id)).rowcount == 0:
            raise AccountError("This session has ended already.")
