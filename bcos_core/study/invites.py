"""Invitations: links that let one person in, or many up to a cap."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select, update

from bcos_core.access.table import Action
from bcos_core.errors import (
    InviteExpiredError,
    InviteRevokedError,
    InviteUnknownError,
    InviteUsedUpError,
    StudyError,
)
from bcos_core.storage.audit import deed, owner_of
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now
from bcos_core.study.events import EventKind, record
from bcos_core.study.schema import STUDIES, STUDY_INVITES
from bcos_core.study.studies import read_study
from bcos_core.study.tokens import new_id, new_token, token_hash


class InviteKind(StrEnum):
    PERSONAL = "personal"
    """For one person, who may come back by it on any device."""
    OPEN = "open"
    """For whoever has it: each time it is opened a new rater comes, up to its cap."""
    PANEL = "panel"
    """For the people of a panel, each of whom is one rater, who may come back by it on any device."""


@dataclass(frozen=True)
class Invite:
    """An invitation as a researcher sees it; nobody can tell its token from it."""

    id: str
    study: str
    kind: InviteKind
    note: str
    cap: int | None
    used: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


InviteList = list[Invite]  # within the class the word `list` is a method
_COLUMNS = [STUDY_INVITES.c[name] for name in Invite.__dataclass_fields__]


@dataclass(frozen=True)
class Invitations:
    database: Database

    def create(
        self,
        study: str,
        kind: InviteKind,
        *,
        cap: int | None = None,
        expires_at: datetime | None = None,
        note: str = "",
    ) -> tuple[Invite, str]:
        """A new invitation, and its token, which cannot be had again.

        Raises:
            StudyError: there is no such study, a cap below 1, or a time that is over.
        """
        if kind == InviteKind.PERSONAL:
            cap = 1
        if cap is not None and cap < 1:
            raise StudyError(f"A link for {cap} raters lets nobody in. Give a cap of 1 or more, or none.")
        now = utc_now()
        if expires_at is not None and expires_at <= now:
            raise StudyError("The invitation would have expired already. Choose a later time.")
        token = new_token()
        row = {
            "id": new_id(),
            "study": study,
            "token_hash": token_hash(token),
            "kind": kind.value,
            "note": note,
            "cap": cap,
            "used": 0,
            "created_at": now,
            "expires_at": expires_at,
        }
        with deed(self.database, Action.INVITE, study, owner=owner_of(STUDIES, study)) as connection:
            read_study(connection, study)
            connection.execute(insert(STUDY_INVITES), row)
            record(connection, study, EventKind.INVITED, {"invite": row["id"], "kind": kind.value, "cap": cap})
            return _read(connection, str(row["id"])), token

    def list(self, study: str) -> InviteList:
        """The invitations of a study, the oldest first."""
        query = select(*_COLUMNS).where(STUDY_INVITES.c.study == study)
        with self.database.read() as connection:
            rows = connection.execute(query.order_by(STUDY_INVITES.c.created_at, STUDY_INVITES.c.id)).all()
        return [_invite(row) for row in rows]

    def revoke(self, id: str) -> Invite:
        """Let nobody in by it any more. A personal one is its rater's key: that rater is out too.

        Whoever came by an open link goes on; take them out one by one where that is wanted.

        Raises:
            StudyError: there is no such invitation.
        """
        owner = select(STUDIES.c.owner).join(STUDY_INVITES, STUDY_INVITES.c.study == STUDIES.c.id)
        with deed(self.database, Action.INVITE, id, owner=owner.where(STUDY_INVITES.c.id == id)) as connection:
            invite = _read(connection, id)
            if invite.revoked_at is not None:
                return invite
            connection.execute(update(STUDY_INVITES).where(STUDY_INVITES.c.id == id).values(revoked_at=utc_now()))
            record(connection, invite.study, EventKind.REVOKED, {"invite": id})
            return _read(connection, id)


def find_invite(connection: Connection, token: str) -> Invite:
    """The invitation of a token, if it still lets people in.

    Raises:
        InviteUnknownError, InviteRevokedError, InviteExpiredError: it does not.
    """
    row = connection.execute(select(*_COLUMNS).where(STUDY_INVITES.c.token_hash == token_hash(token))).first()
    if row is None:
        raise InviteUnknownError(
            "This link is not known. Check that it was copied whole, or ask whoever sent it for another."
        )
    if row.revoked_at is not None:
        raise InviteRevokedError("This link was taken back. Ask whoever sent it for another.")
    if row.expires_at is not None and row.expires_at <= utc_now():
        raise InviteExpiredError("This link has expired. Ask whoever sent it for another.")
    return _invite(row)


def use_invite(connection: Connection, invite: Invite) -> None:
    """Count one more rater.

    Raises:
        InviteUsedUpError: there is no place left.
    """
    table = STUDY_INVITES.c
    # One statement, so that of two who come at once for the last place only one gets it.
    free = update(STUDY_INVITES).where(table.id == invite.id, (table.cap.is_(None)) | (table.used < table.cap))
    if connection.execute(free.values(used=table.used + 1)).rowcount == 0:
        raise InviteUsedUpError("As many people as were wanted have come by this link. Thank you for your interest.")


def _read(connection: Connection, id: str) -> Invite:
    row = connection.execute(select(*_COLUMNS).where(STUDY_INVITES.c.id == id)).first()
    if row is None:
        raise StudyError(f"There is no invitation {id!r}.")
    return _invite(row)


def _invite(row: Any) -> Invite:
    return Invite(**{**row._mapping, "kind": InviteKind(row.kind)})
