"""A small open study with everything that acts on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from bcos_core.storage.database import Database
from bcos_core.study.access import Rater
from bcos_core.study.answer_form import AnswerForm, Choice, FreeText
from bcos_core.study.answers import Answers
from bcos_core.study.events import StudyEvent, events_of
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.plan import Plan
from bcos_core.study.raters import Raters
from bcos_core.study.schema import STUDY_ANSWERS
from bcos_core.study.slots import Slot, Slots
from bcos_core.study.studies import Studies

FORM = AnswerForm(
    (Choice("clear", (1, 2, 3, 4, 5)), Choice("agree", (1, 2, 3, 4, 5)), FreeText("remark")),
)


@dataclass(frozen=True)
class OpenStudy:
    database: Database
    plan: Plan

    @classmethod
    def make(cls, database: Database, *, simulated: bool = False, **parts: Any) -> OpenStudy:
        studies = Studies(database)
        study = studies.create("Which is clearer?", {}, simulated=simulated)
        studies.lock(study, {"design": {}, "items": []}, "0" * 64)
        studies.open(study.id)
        usual: dict[str, Any] = {"items": ("i1", "i2", "i3"), "cells": ("a", "b")}
        usual |= {"items_per_rater": 3, "raters_per_item": 4}
        return cls(database, Plan(study.id, **{**usual, **parts}))

    @property
    def id(self) -> str:
        return self.plan.study

    @property
    def studies(self) -> Studies:
        return Studies(self.database)

    @property
    def invitations(self) -> Invitations:
        return Invitations(self.database)

    @property
    def raters(self) -> Raters:
        return Raters(self.database)

    @property
    def slots(self) -> Slots:
        return Slots(self.database, self.plan)

    @property
    def impatient(self) -> Slots:
        """Slots that are abandoned at once."""
        return Slots(self.database, self.plan, abandoned_after=timedelta(0))

    @property
    def answers(self) -> Answers:
        return Answers(self.database, self.plan, FORM)

    def invite(self, kind: InviteKind = InviteKind.PERSONAL, **options: Any) -> str:
        return self.invitations.create(self.id, kind, **options)[1]

    def arrive(self) -> Rater:
        """A rater who has consented."""
        return self.raters.consent(self.raters.join(self.invite()).rater.id)

    def answer(self, rater: Rater) -> Slot:
        """Give the rater's next item a full answer."""
        slot = self.slots.next(rater.id)
        assert slot is not None
        assert self.answers.save(rater.id, slot.id, {"clear": 4, "agree": 2}, key=f"key of {slot.id}").complete
        return slot

    def events(self, *kinds: str) -> list[StudyEvent]:
        return [event for event in events_of(self.database, self.id) if event.kind in kinds]

    def rows(self) -> list[tuple[str, str, Any]]:
        """(item, dimension, value) of every answer."""
        table = STUDY_ANSWERS.c
        query = select(table.item, table.dimension, table.value).where(table.study == self.id)
        with self.database.read() as connection:
            return sorted(tuple(row) for row in connection.execute(query))
