"""Tries to flip a model's answer: counted before the model is asked, so that nobody is told more than is counted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from bcos_core.access.table import Action, require
from bcos_core.errors import AnswerError
from bcos_core.study.access import read_rater, require_active
from bcos_core.study.answers import Answers, place_of, saved_by, values_of
from bcos_core.study.design import Condition
from bcos_core.study.edits import Outcome, longest_edit, require_edit, require_locked_model, try_edit
from bcos_core.study.events import EventKind, record
from bcos_core.study.locked import LockedStudy
from bcos_core.study.schema import STUDY_EVENTS
from bcos_core.study.slots import Slot

if TYPE_CHECKING:
    from bcos_core.model.classifier import Classifier

Load = Callable[[Condition], "Classifier"]
_TRY = "try "


@dataclass(frozen=True)
class Tries:
    """The tries of one locked study's raters.

    A try is known by its text: the same text, sent again by a second click, a reload or another tab, is the same try,
    and has the same outcome. A try whose process was killed before the model had answered goes on when its text comes
    again.
    """

    answers: Answers
    locked: LockedStudy

    def used(self, rater: str, slot: str) -> int:
        """How many of the tries that there are for a slot have been made."""
        with self.answers.database.read() as connection:
            return self._used(connection, self.answers.own_slot(connection, rater, slot))

    def attempt(self, rater: str, slot: str, text: str, load: Load) -> Outcome:
        """Ask the model about an edited text, and save its answer.

        `load` gives the classifier of a condition. A try is used up as soon as the model is asked.

        Raises:
            TextError, AnswerError: a text that cannot be tried, or no try is left.
            StudyError: the model is not the one that the study was locked with, or is not there.
            SlotError, StudyClosedError, InviteRevokedError, RaterError: nothing of this rater is saved.
        """
        require(self.answers.database.actor, Action.RATE, owner=rater)
        # Everything that costs little and may refuse comes first: lengths, then the database, then the model's file.
        if len(text) > max(longest_edit(item.text) for item in self.locked.items):
            raise AnswerError(f"The edited text has {len(text):,} characters, which is too long. Shorten it.")
        with self.answers.database.read() as connection:
            require_active(read_rater(connection, rater))
            found = self.answers.own_slot(connection, rater, slot)
            if (known := self._outcome(connection, found, text)) is not None:
                return known
            self._require_left(connection, found, text)
        item = self.locked.item(found.item)
        require_edit(item.text, text)
        cell = found.cell or item.cell
        (shown,) = item.shown(cell)
        classifier = load(self.locked.design.condition(cell))
        require_locked_model(classifier, shown)
        number = self._reserve(rater, slot, text)
        return self._save(rater, slot, number, try_edit(shown, text, classifier))

    def _reserve(self, rater: str, slot: str, text: str) -> int:
        """The number of this try, from 1; no two texts of a slot have the same."""
        with self.answers.database.write() as connection:
            found = self._held(connection, rater, slot)
            reserved = saved_by(connection, rater, _tried(found, text))
            if reserved is not None:
                return int(reserved.payload["number"])
            number = self._require_left(connection, found, text)
            payload = {**place_of(found), "number": number, "text": text}
            record(connection, found.study, EventKind.TRIED, payload, rater=rater, key=_tried(found, text))
            return number

    def _save(self, rater: str, slot: str, number: int, outcome: Outcome) -> Outcome:
        (question,) = self.locked.design.questions
        values = {
            question.name: outcome.text,
            "flipped": outcome.flipped,
            "edits": outcome.edits,
            "change": outcome.change,
            "tries": number,
        }
        self.answers.form.check(values)
        told = {"outcome": asdict(outcome)}
        with self.answers.database.write() as connection:
            found = self._held(connection, rater, slot)
            if (known := self._outcome(connection, found, outcome.text)) is not None:
                return known
            key, stands = _answered(found, outcome.text), values_of(connection, found)
            # Of several that were on their way at once, the one that flipped stands, else the last that began.
            if stands.get("flipped") or (not outcome.flipped and stands.get("tries", 0) > number):
                payload = {**place_of(found), "values": values, **told}
                record(connection, found.study, EventKind.OVERTAKEN, payload, rater=rater, key=key)
            else:
                self.answers.write(connection, found, values, key, told)
        return outcome

    def _held(self, connection: Connection, rater: str, slot: str) -> Slot:
        """The slot in its rater's hands, in a transaction that writes: nobody else is at it."""
        require_active(read_rater(connection, rater))
        found = self.answers.own_slot(connection, rater, slot)
        self.answers.hold_slot(connection, found)
        return found

    def _require_left(self, connection: Connection, slot: Slot, text: str) -> int:
        """The number that another try would have, unless `text` has its number already.

        Raises:
            AnswerError: there is no other try.
        """
        if values_of(connection, slot).get("flipped"):
            raise AnswerError("You have changed the model's answer already. Go on with the next text.")
        used = self._used(connection, slot)
        if used >= self.locked.design.tries and saved_by(connection, slot.rater, _tried(slot, text)) is None:
            raise AnswerError("No tries are left for this text; go on with the next one.")
        return used + 1

    def _used(self, connection: Connection, slot: Slot) -> int:
        table = STUDY_EVENTS.c
        begun = table.key.startswith(f"{_TRY}{slot.id}-", autoescape=True)
        query = select(func.count()).where(table.rater == slot.rater, table.kind == EventKind.TRIED.value, begun)
        # What a study has from before tries were events says its number in the answer.
        stored = int(values_of(connection, slot).get("tries", 0))
        return max(stored, connection.execute(query).scalar_one())

    def _outcome(self, connection: Connection, slot: Slot, text: str) -> Outcome | None:
        """What the model has said to this text before."""
        event = saved_by(connection, slot.rater, _answered(slot, text))
        return None if event is None else Outcome(**event.payload["outcome"])


def _answered(slot: Slot, text: str) -> str:
    """The key of the answer to a text: 16 + 1 + 32 characters."""
    return f"{slot.id}-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _tried(slot: Slot, text: str) -> str:
    return f"{_TRY}{_answered(slot, text)}"
