"""Raters: who comes in by an invitation, comes back, agrees, withdraws, or is taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from bcos_core.access.table import Action, require
from bcos_core.errors import InviteUnknownError, RaterError, StudyError
from bcos_core.storage.audit import deed, owner_of
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now
from bcos_core.study.access import Rater, find_raters, read_rater, require_active, require_open
from bcos_core.study.events import EventKind, record
from bcos_core.study.invites import Invite, InviteKind, find_invite, use_invite
from bcos_core.study.recruiting import Person
from bcos_core.study.schema import STUDIES, STUDY_RATERS
from bcos_core.study.slots import release_all
from bcos_core.study.studies import StudyStatus, read_study
from bcos_core.study.tokens import new_id, new_token, resume_token_of, token_hash


@dataclass(frozen=True)
class Joined:
    """Who came in, and the token by which they come back; it is not kept."""

    rater: Rater
    resume_token: str
    is_new: bool


@dataclass(frozen=True)
class Raters:
    database: Database

    def join(self, token: str, *, simulated: bool = False, person: Person | None = None) -> Joined:
        """Come in by an invitation's token. By a personal one, the same person comes back on any device; by a panel's,
        the same `person` of the panel.

        Raises:
            InviteError: the token lets nobody in (one class for each reason).
            StudyClosedError: the study takes no answers.
            RaterError: the person has withdrawn or was excluded, or a panel's link names nobody.
        """
        with self.database.write() as connection:
            invite = find_invite(connection, token)
            study = read_study(connection, invite.study)
            if study.simulated != simulated:
                wanted = "simulated raters" if study.simulated else "people"
                raise InviteUnknownError(f"This link is for {wanted} only. Ask whoever sent it for another.")
            require_open(study.status)
            before = _before(connection, invite, person)
            resume_token = _resume_token(token, invite, person)
            if before is not None:
                if before.invite != invite.id:
                    raise RaterError("You take part already, by another link of this study. Open that one to go on.")
                if before.screened_out_at is None:  # who was screened out comes back for the code alone
                    require_active(before, consented=False)
                record(connection, study.id, EventKind.RETURNED, {"invite": invite.id}, rater=before.id)
                return Joined(before, resume_token, is_new=False)
            use_invite(connection, invite)
            return Joined(
                _add(connection, invite, resume_token, person, simulated=simulated), resume_token, is_new=True
            )

    def has_come(self, token: str, person: Person | None = None) -> bool:
        """Whether whoever opens an invitation is somebody who has come by it before.

        Raises:
            InviteError: the token lets nobody in.
            RaterError: a panel's link names nobody.
        """
        with self.database.read() as connection:
            return _before(connection, find_invite(connection, token), person) is not None

    def resume(self, resume_token: str) -> Rater:
        """The rater whom a resume token belongs to, also after the study was closed.

        Raises:
            RaterError: nobody has this token.
        """
        with self.database.read() as connection:
            found = find_raters(connection, STUDY_RATERS.c.resume_hash == token_hash(resume_token))
        if not found:
            raise RaterError("This link is not known. Open the link of the invitation again.")
        return found[0]

    def of(self, study: str) -> list[Rater]:
        """The raters of a study in the order in which they came."""
        with self.database.read() as connection:
            return find_raters(connection, STUDY_RATERS.c.study == study)

    def consent(self, id: str) -> Rater:
        """The rater agrees to take part. Doing it again changes nothing.

        Raises:
            StudyClosedError, InviteRevokedError, RaterError: this rater takes no part.
        """
        require(self.database.actor, Action.RATE, owner=id)
        with self.database.write() as connection:
            rater = read_rater(connection, id)
            require_active(rater, consented=False)
            if rater.consented_at is not None:
                return rater
            return _mark(connection, rater, EventKind.CONSENTED, consented_at=utc_now())

    def withdraw(self, id: str) -> Rater:
        """The rater takes back their consent, at any time: their answers do not count, others are asked instead.

        Raises:
            RaterError: there is no such rater.
        """
        require(self.database.actor, Action.RATE, owner=id)
        with self.database.write() as connection:
            return _take_out(connection, id, EventKind.WITHDRAWN, "withdrawn", withdrawn_at=utc_now())

    def exclude(self, id: str, reason: str) -> Rater:
        """The researcher takes the rater out, by the rule that the study has: as if they had withdrawn.

        Raises:
            RaterError: there is no such rater.
        """
        columns = {"excluded_at": utc_now(), "exclusion": reason}
        owner = select(STUDIES.c.owner).join(STUDY_RATERS, STUDY_RATERS.c.study == STUDIES.c.id)
        with deed(self.database, Action.EXCLUDE_RATER, id, owner=owner.where(STUDY_RATERS.c.id == id)) as connection:
            return _take_out(connection, id, EventKind.EXCLUDED, reason, **columns)

    def forget_panel(self, study: str) -> int:
        """Erase who a closed study's raters are at their panel, once everybody is paid; how many were known.

        Raises:
            StudyError: there is no such study, or it is not closed: the ids say who may come back.
        """
        table = STUDY_RATERS.c
        with deed(self.database, Action.EXCLUDE_RATER, study, owner=owner_of(STUDIES, study)) as connection:
            now = read_study(connection, study)
            if now.status != StudyStatus.CLOSED:
                raise StudyError(f"The study {now.title!r} is {now.status}. Close it first, then erase the ids.")
            erased = update(STUDY_RATERS).where(table.study == study, table.panel_id.is_not(None))
            empty: dict[str, None] = dict.fromkeys(("panel_id", "panel_study", "panel_session"))
            return connection.execute(erased.values(empty)).rowcount


def _take_out(connection: Connection, id: str, kind: EventKind, reason: str, **columns: Any) -> Rater:
    rater = read_rater(connection, id)
    if rater.withdrawn_at is not None or rater.excluded_at is not None:
        return rater
    release_all(connection, id, reason)
    return _mark(connection, rater, kind, {"reason": reason}, **columns)


def _before(connection: Connection, invite: Invite, person: Person | None) -> Rater | None:
    """Whom the same person is already, where the invitation is for persons.

    Raises:
        RaterError: a panel's link names nobody.
    """
    table = STUDY_RATERS.c
    if invite.kind == InviteKind.OPEN:
        return None
    condition = table.invite == invite.id
    if invite.kind == InviteKind.PANEL:
        if person is None:
            raise RaterError(
                "Open this study from the panel's page: the link says who comes, and this one names nobody."
            )
        condition = (table.study == invite.study) & (table.panel_id == person.id)
    return next(iter(find_raters(connection, condition)), None)


def _resume_token(token: str, invite: Invite, person: Person | None) -> str:
    """The same on every device where the invitation is for persons."""
    if invite.kind == InviteKind.OPEN:
        return new_token()
    return resume_token_of(token if person is None else f"{token} {person.id}")


def _add(connection: Connection, invite: Invite, resume_token: str, person: Person | None, *, simulated: bool) -> Rater:
    latest = select(func.max(STUDY_RATERS.c.arrival)).where(STUDY_RATERS.c.study == invite.study)
    latest_arrival = connection.execute(latest).scalar_one()
    row = {
        "id": new_id(),
        "study": invite.study,
        "simulated": simulated,
        "invite": invite.id,
        "arrival": 0 if latest_arrival is None else latest_arrival + 1,
        "resume_hash": token_hash(resume_token),
        "joined_at": utc_now(),
        "exclusion": "",
    }
    if invite.kind == InviteKind.PANEL and person is not None:
        row |= {"panel_id": person.id, "panel_study": person.study, "panel_session": person.session}
    connection.execute(insert(STUDY_RATERS), row)
    told = {"invite": invite.id, "arrival": row["arrival"]}
    record(connection, invite.study, EventKind.JOINED, told, rater=str(row["id"]))
    return read_rater(connection, str(row["id"]))


def _mark(
    connection: Connection, rater: Rater, kind: EventKind, payload: dict[str, Any] | None = None, **columns: Any
) -> Rater:
    connection.execute(update(STUDY_RATERS).where(STUDY_RATERS.c.id == rater.id).values(columns))
    record(connection, rater.study, kind, payload, rater=rater.id)
    return read_rater(connection, rater.id)
