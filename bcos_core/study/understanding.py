"""Whether a rater has understood the instructions: tries at the comprehension check. What is right is never sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from bcos_core.access.table import Action, require
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now
from bcos_core.study.access import read_rater, require_active
from bcos_core.study.comprehension import TRIES, CheckQuestion
from bcos_core.study.events import EventKind, record
from bcos_core.study.schema import STUDY_EVENTS, STUDY_RATERS


@dataclass(frozen=True)
class Standing:
    """Where a rater stands with the check."""

    understood: bool
    tries_left: int


def standing(database: Database, rater: str) -> Standing:
    """
    Raises:
        RaterError: there is no such rater.
    """
    with database.read() as connection:
        return _standing(connection, rater)


def try_check(
    database: Database, rater: str, questions: Sequence[CheckQuestion], given: Mapping[str, str], *, number: int
) -> Standing:
    """Judge the answers (prompt → answer) of try `number`, from 1. A try that was judged already, as when a button is
    clicked twice, is not judged again. After the last one that fails the rater is screened out.

    Raises:
        StudyClosedError, InviteRevokedError, RaterError: this rater takes no part.
    """
    require(database.actor, Action.RATE, owner=rater)
    with database.write() as connection:
        study = read_rater(connection, rater).study
        require_active(read_rater(connection, rater))
        now = _standing(connection, rater)
        if now.understood or number != TRIES - now.tries_left + 1:
            return now
        if all(given.get(question.prompt) == question.right for question in questions):
            _mark(connection, rater, understood_at=utc_now())
            record(connection, study, EventKind.UNDERSTOOD, {"number": number}, rater=rater)
        else:
            record(connection, study, EventKind.MISUNDERSTOOD, {"number": number}, rater=rater)
            if number == TRIES:
                _mark(connection, rater, screened_out_at=utc_now())
                record(connection, study, EventKind.SCREENED_OUT, rater=rater)
        return _standing(connection, rater)


def _standing(connection: Connection, rater: str) -> Standing:
    table = STUDY_EVENTS.c
    query = select(func.count()).where(table.rater == rater, table.kind == EventKind.MISUNDERSTOOD.value)
    failed = connection.execute(query).scalar_one()
    return Standing(read_rater(connection, rater).understood_at is not None, max(0, TRIES - failed))


def _mark(connection: Connection, rater: str, **columns: object) -> None:
    connection.execute(update(STUDY_RATERS).where(STUDY_RATERS.c.id == rater).values(columns))
