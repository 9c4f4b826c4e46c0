"""Answers: saved one by one, acknowledged only when they are in the database, counted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from bcos_core.access.table import Action, require
from bcos_core.errors import AnswerError, SlotError, TooManyAnswersError
from bcos_core.storage.database import Database, upsert
from bcos_core.storage.plain import to_plain
from bcos_core.storage.types import utc_now
from bcos_core.study.access import read_rater, require_active
from bcos_core.study.answer_form import AnswerForm
from bcos_core.study.assignment import sequence_of
from bcos_core.study.events import EventKind, record
from bcos_core.study.plan import Plan
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_EVENTS, STUDY_SLOTS
from bcos_core.study.slots import Slot, counts_of, finish_when_done, read_slot, take_again

LONGEST_KEY = 64
CHANGES_PER_QUESTION = 20
"""So often, on average over all that a rater is asked, one answer may be given or changed. Nobody needs it; without
it, whoever is let in could fill the database."""
_PLACE = ("study", "rater", "item", "position")
# Built once, as in `slots`.
_BY_KEY = select(STUDY_EVENTS.c.at, STUDY_EVENTS.c.kind, STUDY_EVENTS.c.payload).where(
    STUDY_EVENTS.c.rater == bindparam("rater"), STUDY_EVENTS.c.key == bindparam("key")
)
_GIVEN = (
    select(func.count())
    .select_from(STUDY_EVENTS)
    .where(STUDY_EVENTS.c.rater == bindparam("rater"), STUDY_EVENTS.c.key.is_not(None))  # read from the index alone
)
_VALUES = select(STUDY_ANSWERS.c.dimension, STUDY_ANSWERS.c.value).where(
    *(STUDY_ANSWERS.c[name] == bindparam(name) for name in _PLACE)
)
_CLOSE_SLOT = update(STUDY_SLOTS).where(STUDY_SLOTS.c.id == bindparam("slot")).values(answered_at=bindparam("now"))


@dataclass(frozen=True)
class Saved:
    """The acknowledgement: when it exists, the answer is in the database and survives any killed process."""

    slot: str
    complete: bool
    """Every required dimension of the slot is answered."""
    repeated: bool
    """It was saved before, by the same key."""
    changed: bool
    """It took the place of another answer, which the events keep."""
    at: datetime


@dataclass(frozen=True)
class Answers:
    """The answers of one locked study."""

    database: Database
    plan: Plan
    form: AnswerForm

    def save(self, rater: str, slot: str, values: Mapping[str, Any], *, key: str) -> Saved:
        """Save what `rater` answers about `slot`, by dimension: all of it, or nothing.

        `key` is made in the page, once for each thing that the rater does: a retry, a second click and a reload
        come with the same key and are acknowledged without being saved again.

        Raises:
            AnswerError: a value that is not allowed, or the key of another answer.
            SlotError: the slot is not this rater's, or was given to another.
            TooManyAnswersError: the rater has changed answers more often than anybody does.
            StudyClosedError, InviteRevokedError, RaterError: nothing of this rater is saved.
        """
        if not 0 < len(key) <= LONGEST_KEY:
            raise AnswerError(f"An answer needs a key of 1 to {LONGEST_KEY} characters; this one has {len(key)}.")
        require(self.database.actor, Action.RATE, owner=rater)
        self.form.check(values)
        given = to_plain(values)
        with self.database.write() as connection:
            who = read_rater(connection, rater)
            found = self.own_slot(connection, rater, slot)
            earlier = saved_by(connection, rater, key)
            if earlier is not None:
                return _repeated(earlier, found, given)
            require_active(who)
            self._require_room(connection, rater)
            self.hold_slot(connection, found)
            return self.write(connection, found, given, key)

    def given(self, rater: str) -> dict[str, dict[str, Any]]:
        """What a rater has answered: slot → dimension → value."""
        query = (
            select(STUDY_SLOTS.c.id, STUDY_ANSWERS.c.dimension, STUDY_ANSWERS.c.value)
            .join(
                STUDY_SLOTS,
                (STUDY_SLOTS.c.rater == STUDY_ANSWERS.c.rater) & (STUDY_SLOTS.c.position == STUDY_ANSWERS.c.position),
            )
            .where(STUDY_ANSWERS.c.study == self.plan.study, STUDY_ANSWERS.c.rater == rater)
        )
        answers: dict[str, dict[str, Any]] = {}
        with self.database.read() as connection:
            for slot, dimension, value in connection.execute(query):
                answers.setdefault(slot, {})[dimension] = value
        return answers

    # For those who have a transaction of their own

    def own_slot(self, connection: Connection, rater: str, slot: str) -> Slot:
        """
        Raises:
            SlotError: the slot is not this rater's.
        """
        found = read_slot(connection, slot)
        if found is None or found.rater != rater or found.study != self.plan.study:
            # The same words for all three: nobody learns which slots there are.
            raise SlotError(
                "This item is not one of yours. Open the link of your invitation again; your answers are kept."
            )
        return found

    def hold_slot(self, connection: Connection, slot: Slot) -> None:
        """Take a slot that was released back into its rater's hands.

        Raises:
            SlotError: it was given to another.
        """
        if slot.released_at is None:
            return
        if not take_again(connection, self.plan, counts_of(connection, self.plan.study), slot):
            raise SlotError(
                "This item had been open for so long that it was given to somebody else. "
                "Your other answers are kept; go on with the next item."
            )

    def _require_room(self, connection: Connection, rater: str) -> None:
        most = CHANGES_PER_QUESTION * len(sequence_of(self.plan)) * len(self.form.dimensions)
        if connection.execute(_GIVEN, {"rater": rater}).scalar_one() >= most:
            raise TooManyAnswersError(
                f"Your answers were changed {most:,} times, which is as often as can be. What you had saved is kept."
            )

    def write(
        self, connection: Connection, slot: Slot, given: dict[str, Any], key: str, told: Mapping[str, Any] | None = None
    ) -> Saved:
        """Save checked values; `told` is kept in the event alone.

        Raises:
            AnswerError: they do not go together with what stands.
        """
        now = utc_now()
        before = values_of(connection, slot)
        self.form.check_together(before | given)
        place = {"study": slot.study, "rater": slot.rater, "item": slot.item, "position": slot.position}
        rows = [{**place, "dimension": name, "value": value, "at": now} for name, value in given.items()]
        upsert(connection, STUDY_ANSWERS, rows, key=(*_PLACE, "dimension"))
        replaced = {name: before[name] for name in given if name in before}
        changed = any(given[name] != value for name, value in replaced.items())
        payload = {**place_of(slot), "values": given, **(told or {})}
        kind = EventKind.CHANGED if changed else EventKind.ANSWERED
        record(
            connection,
            slot.study,
            kind,
            {**payload, "before": replaced} if changed else payload,
            rater=slot.rater,
            key=key,
            at=now,
        )
        complete = self.form.required <= before.keys() | given.keys()
        if complete and slot.answered_at is None:
            connection.execute(_CLOSE_SLOT, {"slot": slot.id, "now": now})
            finish_when_done(connection, self.plan, slot.rater)
        return Saved(slot.id, complete, repeated=False, changed=changed, at=now)


def saved_by(connection: Connection, rater: str, key: str) -> Any | None:
    """The event (`at`, `kind`, `payload`) that the rater's page made this key for, if it has happened."""
    return connection.execute(_BY_KEY, {"rater": rater, "key": key}).first()


def _repeated(event: Any, slot: Slot, given: dict[str, Any]) -> Saved:
    if event.payload["slot"] != slot.id or event.payload["values"] != given:
        raise AnswerError(
            "Another answer was saved with this key before, and is kept. Reload the page, then try again."
        )
    changed = event.kind == EventKind.CHANGED
    return Saved(slot.id, slot.answered_at is not None, repeated=True, changed=changed, at=event.at)


def place_of(slot: Slot) -> dict[str, Any]:
    """What every event about a slot says of it."""
    return {"slot": slot.id, "position": slot.position, "item": slot.item}


def values_of(connection: Connection, slot: Slot) -> dict[str, Any]:
    """What stands as the slot's answer, by dimension."""
    place = {"study": slot.study, "rater": slot.rater, "item": slot.item, "position": slot.position}
    return {row.dimension: row.value for row in connection.execute(_VALUES, place)}
