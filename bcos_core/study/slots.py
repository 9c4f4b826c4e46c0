"""What raters were shown and have in hand: slots are given one by one, answered, or released."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from bcos_core.access.table import Action, require
from bcos_core.errors import RaterError, StudyError, StudyFullError
from bcos_core.storage.database import Database
from bcos_core.storage.types import utc_now
from bcos_core.study.access import Rater, read_rater, require_active
from bcos_core.study.assignment import (
    Counts,
    Showing,
    SlotKind,
    filled_of,
    may_take_again,
    next_slot,
    sequence_of,
)
from bcos_core.study.events import EventKind, record
from bcos_core.study.plan import Plan
from bcos_core.study.schema import STUDY_RATERS, STUDY_SLOTS
from bcos_core.study.tokens import completion_code, new_id

ABANDONED_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Slot:
    """One item in one rater's hands."""

    id: str
    study: str
    rater: str
    position: int
    kind: SlotKind
    item: str
    cell: str
    opened_at: datetime
    answered_at: datetime | None
    released_at: datetime | None


SlotList = list[Slot]
_TABLE = STUDY_SLOTS.c
_COLUMNS = [_TABLE[name] for name in Slot.__dataclass_fields__]
_LIVE = _TABLE.released_at.is_(None)
_ITEM = _TABLE.kind == SlotKind.ITEM.value
# Built once: for short transactions, building a statement costs more than running it.
_ADD = insert(STUDY_SLOTS)
_BY_ID = select(*_COLUMNS).where(_TABLE.id == bindparam("id"))
_OF_RATER = select(*_COLUMNS).where(_TABLE.rater == bindparam("rater")).order_by(_TABLE.position)
_IN_HAND = _OF_RATER.where(_TABLE.answered_at.is_(None), _LIVE).limit(1)
_HISTORY = (
    select(_TABLE.kind, _TABLE.item, _TABLE.cell, _TABLE.released_at)
    .where(_TABLE.rater == bindparam("rater"))
    .order_by(_TABLE.position)
)
_COUNTS = (
    select(_TABLE.item, _TABLE.cell, func.count())
    .where(_TABLE.study == bindparam("study"), _ITEM, _LIVE)
    .group_by(_TABLE.item, _TABLE.cell)
)
_ABANDONED = select(*_COLUMNS).where(
    _TABLE.study == bindparam("study"),
    _TABLE.answered_at.is_(None),
    _LIVE,
    _TABLE.opened_at < bindparam("before"),
    _ITEM,  # practice and checks are not released: nobody else needs them
)
_HELD_BY = select(*_COLUMNS).where(_TABLE.rater == bindparam("rater"), _ITEM, _LIVE)


@dataclass(frozen=True)
class Slots:
    """The slots of one locked study."""

    database: Database
    plan: Plan
    abandoned_after: timedelta = ABANDONED_AFTER

    def next(self, rater: str) -> Slot | None:
        """What the rater has in hand, or is given now; None if there is nothing (more) for them.

        Two tabs of one rater get the same.

        Raises:
            StudyClosedError, InviteRevokedError, RaterError: this rater is given nothing.
        """
        require(self.database.actor, Action.RATE, owner=rater)
        with self.database.read() as connection:  # a page asks again and again; it need not wait for writers
            self._admit(connection, rater)
            slot = _in_hand(connection, rater)
        if slot is not None:
            return slot
        with self.database.write() as connection:
            return self._next(connection, rater)

    def of(self, rater: str) -> SlotList:
        """The rater's slots in order, without those that were released: what they can go back to."""
        with self.database.read() as connection:
            return [slot for slot in slots_of(connection, rater) if slot.released_at is None]

    def progress(self, own: SlotList) -> tuple[int, int]:
        """How many of a rater's slots, as `of` has them, are answered, and how many there are for each rater."""
        return sum(slot.answered_at is not None for slot in own), len(sequence_of(self.plan))

    def finish(self, rater: str) -> str:
        """The rater's completion code, the same however often it is asked for.

        Raises:
            StudyError: the rater has not answered everything that there is for them.
            StudyFullError: there was no item for them.
            StudyClosedError, InviteRevokedError, RaterError: this rater cannot finish.
        """
        require(self.database.actor, Action.RATE, owner=rater)
        with self.database.write() as connection:
            found = self._rater(connection, rater)
            if found.completion_code is not None:
                return found.completion_code
            if self._next(connection, rater) is not None:  # given back with the transaction
                raise StudyError("There is something left to answer. The code is shown after the last item.")
            if not _has_answered(connection, rater):
                raise StudyFullError(
                    "Enough people have answered, so there is no text left for you. Thank you for your interest."
                )
            return _finish(connection, found)

    def is_full(self) -> bool:
        """Whether somebody who comes now would be given no item."""
        abandoned = _ABANDONED.with_only_columns(_TABLE.item, _TABLE.cell)
        before = utc_now() - self.abandoned_after
        with self.database.read() as connection:
            counts = dict(counts_of(connection, self.plan.study))
            for item, cell in connection.execute(abandoned, {"study": self.plan.study, "before": before}):
                counts[item, cell] -= 1
        return all(filled_of(self.plan, counts, item) >= self.plan.raters_per_item for item in self.plan.items)

    def _next(self, connection: Connection, rater: str) -> Slot | None:
        found = self._admit(connection, rater)
        slot = _in_hand(connection, rater)  # another tab may have asked in between
        if slot is not None:
            return slot
        release_abandoned(connection, self.plan.study, utc_now() - self.abandoned_after)
        counts = counts_of(connection, self.plan.study)
        history = [_showing(row) for row in connection.execute(_HISTORY, {"rater": rater})]
        if history and history[-1].released:
            last = slots_of(connection, rater)[-1]
            if take_again(connection, self.plan, counts, last):
                return read_slot(connection, last.id)
        showing = next_slot(self.plan, counts, history, arrival=found.arrival)
        return None if showing is None else _give(connection, found, len(history), showing)

    def _admit(self, connection: Connection, id: str) -> Rater:
        """The rater, who may be given something."""
        rater = self._rater(connection, id)
        require_active(rater)
        if self.plan.comprehension and rater.understood_at is None:
            raise RaterError("Answer the questions about the instructions first; the texts come after them.")
        return rater

    def _rater(self, connection: Connection, id: str) -> Rater:
        rater = read_rater(connection, id)
        if rater.study != self.plan.study:
            raise StudyError(f"The rater belongs to another study than {self.plan.study!r}.")
        return rater


def counts_of(connection: Connection, study: str) -> Counts:
    """(item, cell) → slots that are answered or open."""
    return {(item, cell): n for item, cell, n in connection.execute(_COUNTS, {"study": study})}


def slots_of(connection: Connection, rater: str) -> SlotList:
    return [_slot(row) for row in connection.execute(_OF_RATER, {"rater": rater})]


def finish_when_done(connection: Connection, plan: Plan, id: str) -> None:
    """Give a rater their completion code as soon as there is nothing left for them; in a transaction that writes."""
    rater = read_rater(connection, id)
    if rater.completion_code is not None or _in_hand(connection, id) is not None:
        return
    if not _has_answered(connection, id) or _is_left(connection, plan, rater):
        return
    release_abandoned(connection, plan.study, utc_now() - ABANDONED_AFTER)
    if not _is_left(connection, plan, rater):
        _finish(connection, rater)


def _is_left(connection: Connection, plan: Plan, rater: Rater) -> bool:
    """Whether there is something to give to a rater who has nothing in hand."""
    counts = counts_of(connection, plan.study)
    own = slots_of(connection, rater.id)
    if own and (last := own[-1]).released_at and may_take_again(plan, counts, last.item, last.cell):
        return True
    history = [_showing(row) for row in connection.execute(_HISTORY, {"rater": rater.id})]
    return next_slot(plan, counts, history, arrival=rater.arrival) is not None


def _has_answered(connection: Connection, rater: str) -> bool:
    """Whether the rater has answered an item; practice and checks are none."""
    return any(row.answered_at is not None for row in connection.execute(_HELD_BY, {"rater": rater}))


def read_slot(connection: Connection, id: str) -> Slot | None:
    row = connection.execute(_BY_ID, {"id": id}).first()
    return None if row is None else _slot(row)


def take_again(connection: Connection, plan: Plan, counts: Counts, slot: Slot) -> bool:
    """Give a released slot back to its rater, if a new one of its item and cell could be given."""
    if slot.released_at is None or not may_take_again(plan, counts, slot.item, slot.cell):
        return False
    connection.execute(update(STUDY_SLOTS).where(_TABLE.id == slot.id).values(released_at=None, opened_at=utc_now()))
    record(connection, slot.study, EventKind.GIVEN_AGAIN, {"slot": slot.id}, rater=slot.rater)
    return True


def release_abandoned(connection: Connection, study: str, opened_before: datetime) -> None:
    """Release the items that have been open for too long."""
    _release(connection, connection.execute(_ABANDONED, {"study": study, "before": opened_before}), reason="abandoned")


def release_all(connection: Connection, rater: str, reason: str) -> None:
    """Release a rater's items, answered ones too: others are asked in their place."""
    _release(connection, connection.execute(_HELD_BY, {"rater": rater}), reason=reason)


def _release(connection: Connection, rows: Iterable[Any], *, reason: str) -> None:
    for slot in [_slot(row) for row in rows]:
        connection.execute(update(STUDY_SLOTS).where(_TABLE.id == slot.id).values(released_at=utc_now()))
        record(connection, slot.study, EventKind.RELEASED, {"slot": slot.id, "reason": reason}, rater=slot.rater)


def _give(connection: Connection, rater: Rater, position: int, showing: Showing) -> Slot:
    slot = Slot(
        new_id(),
        rater.study,
        rater.id,
        position,
        showing.kind,
        showing.item,
        showing.cell,
        opened_at=utc_now(),
        answered_at=None,
        released_at=None,
    )
    row = {**vars(slot), "kind": slot.kind.value}
    connection.execute(_ADD, row)
    told = {"slot": slot.id, "position": position, "kind": slot.kind.value, "item": slot.item, "cell": slot.cell}
    record(connection, slot.study, EventKind.GIVEN, told, rater=rater.id, at=slot.opened_at)
    return slot


def _finish(connection: Connection, rater: Rater) -> str:
    code = completion_code()
    finished = {"completion_code": code, "finished_at": utc_now()}
    connection.execute(update(STUDY_RATERS).where(STUDY_RATERS.c.id == rater.id).values(finished))
    record(connection, rater.study, EventKind.FINISHED, rater=rater.id)
    return code


def _in_hand(connection: Connection, rater: str) -> Slot | None:
    row = connection.execute(_IN_HAND, {"rater": rater}).first()
    return None if row is None else _slot(row)


def _showing(row: Any) -> Showing:
    return Showing(SlotKind(row.kind), row.item, row.cell, released=row.released_at is not None)


def _slot(row: Any) -> Slot:
    return Slot(**{**row._mapping, "kind": SlotKind(row.kind)})
