"""Who may do what: the one place that lets a rater write, or does not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select

from bcos_core.errors import InviteRevokedError, RaterError, StudyClosedError
from bcos_core.study.invites import InviteKind
from bcos_core.study.schema import STUDIES, STUDY_INVITES, STUDY_RATERS
from bcos_core.study.studies import StudyStatus


@dataclass(frozen=True)
class Rater:
    """A person (or a simulated one) in a study, and whether they may go on."""

    id: str
    study: str
    simulated: bool
    invite: str
    arrival: int
    joined_at: datetime
    consented_at: datetime | None
    finished_at: datetime | None
    completion_code: str | None
    withdrawn_at: datetime | None
    excluded_at: datetime | None
    exclusion: str
    panel_id: str | None
    """Who they are at the panel that they came from: personal data."""
    panel_study: str | None
    panel_session: str | None
    understood_at: datetime | None
    screened_out_at: datetime | None
    study_status: StudyStatus
    locked_out: bool
    """The rater's personal invitation was taken back."""


_OWN = [STUDY_RATERS.c[name] for name in Rater.__dataclass_fields__ if name in STUDY_RATERS.c]
_QUERY = (
    select(*_OWN, STUDIES.c.status, STUDY_INVITES.c.kind.label("invite_kind"), STUDY_INVITES.c.revoked_at)
    .join(STUDIES, STUDIES.c.id == STUDY_RATERS.c.study)
    .join(STUDY_INVITES, STUDY_INVITES.c.id == STUDY_RATERS.c.invite)
)
_BY_ID = _QUERY.where(STUDY_RATERS.c.id == bindparam("id"))


def read_rater(connection: Connection, id: str) -> Rater:
    """
    Raises:
        RaterError: there is no such rater.
    """
    row = connection.execute(_BY_ID, {"id": id}).first()
    if row is None:
        raise RaterError("This rater is not known. Open the link of the invitation again.")
    return _rater(row)


def find_raters(connection: Connection, condition: ColumnElement[bool]) -> list[Rater]:
    """Raters in the order in which they came."""
    query = _QUERY.where(condition).order_by(STUDY_RATERS.c.study, STUDY_RATERS.c.arrival)
    return [_rater(row) for row in connection.execute(query)]


def require_active(rater: Rater, *, consented: bool = True) -> None:
    """
    Raises:
        StudyClosedError: the study takes no answers.
        InviteRevokedError: the rater's own invitation was taken back.
        RaterError: the rater has withdrawn, was excluded or screened out, or has not consented.
    """
    require_open(rater.study_status)
    if rater.locked_out:
        raise InviteRevokedError("This link was taken back. Ask whoever sent it for another.")
    if rater.withdrawn_at is not None:
        raise RaterError("You have withdrawn from this study, and your answers are not used. Nothing more is saved.")
    if rater.excluded_at is not None or rater.screened_out_at is not None:
        raise RaterError("Your part in this study has ended. Nothing more is saved. Thank you for your time.")
    if consented and rater.consented_at is None:
        raise RaterError("Read what the study is about and agree to take part first; nothing is saved before.")


def require_open(status: StudyStatus) -> None:
    """
    Raises:
        StudyClosedError: the study takes no answers.
    """
    if status in (StudyStatus.DRAFT, StudyStatus.LOCKED):
        raise StudyClosedError("The study has not begun yet. Try this link again later.")
    if status == StudyStatus.PAUSED:
        raise StudyClosedError(
            "The study is paused and takes no answers at the moment. What you had saved is kept: open this link again "
            "later to go on."
        )
    if status == StudyStatus.CLOSED:
        raise StudyClosedError("The study has ended and takes no more answers. What you had saved is kept. Thank you.")


def _rater(row: Any) -> Rater:
    own = {column.name: row._mapping[column.name] for column in _OWN}
    locked_out = row.invite_kind == InviteKind.PERSONAL and row.revoked_at is not None
    return Rater(**own, study_status=StudyStatus(row.status), locked_out=locked_out)
