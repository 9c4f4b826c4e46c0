"""What happened in a study, in order. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert, select

from bcos_core.storage.database import Database
from bcos_core.storage.plain import to_plain
from bcos_core.storage.types import utc_now
from bcos_core.study.schema import STUDY_EVENTS


class EventKind(StrEnum):
    """The kinds of events, and in brackets what their payload holds."""

    CREATED = "created"
    LOCKED = "locked"  # lock_hash
    OPENED = "opened"
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"  # raters_per_item, before
    CLOSED = "closed"
    INVITED = "invited"  # invite, kind, cap
    REVOKED = "revoked"  # invite
    JOINED = "joined"  # invite, arrival
    RETURNED = "returned"  # invite: the same person came by the same link again
    CONSENTED = "consented"
    UNDERSTOOD = "understood"  # number: of the try at the comprehension check
    MISUNDERSTOOD = "misunderstood"  # number
    SCREENED_OUT = "screened out"
    GIVEN = "given"  # slot, position, kind, item, cell
    GIVEN_AGAIN = "given again"  # slot: it had been released, and is this rater's again
    RELEASED = "released"  # slot, reason
    ANSWERED = "answered"  # slot, position, item, values
    CHANGED = "changed"  # as answered, and before: the values that stood there
    TRIED = "tried"  # slot, position, item, number, text: an edit for which the model is about to be asked
    OVERTAKEN = "overtaken"  # as answered: the outcome of a try that another one, made meanwhile, had overtaken
    FINISHED = "finished"
    WITHDRAWN = "withdrawn"
    EXCLUDED = "excluded"  # reason


@dataclass(frozen=True)
class StudyEvent:
    id: int
    rater: str | None
    at: datetime
    kind: EventKind
    payload: dict[str, Any]


_ADD = insert(STUDY_EVENTS)


def record(
    connection: Connection,
    study: str,
    kind: EventKind,
    payload: Mapping[str, Any] | None = None,
    *,
    rater: str | None = None,
    key: str | None = None,
    at: datetime | None = None,
) -> None:
    """Add an event, in the transaction of what it tells of."""
    row = {"study": study, "rater": rater, "at": at or utc_now(), "kind": str(kind), "key": key}
    connection.execute(_ADD, {**row, "payload": to_plain(payload or {})})


def events_of(database: Database, study: str) -> list[StudyEvent]:
    """Every event of a study, in the order in which they happened."""
    table = STUDY_EVENTS.c
    query = select(table.id, table.rater, table.at, table.kind, table.payload).where(table.study == study)
    with database.read() as connection:
        rows = connection.execute(query.order_by(table.id)).all()
    return [StudyEvent(row.id, row.rater, row.at, EventKind(row.kind), row.payload) for row in rows]
