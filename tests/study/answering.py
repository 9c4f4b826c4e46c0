"""Raters who answer every item by a rule."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from bcos_core.errors import StudyFullError
from bcos_core.home import Home
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answers import Answers
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.locked import LockedItem
from bcos_core.study.raters import Raters
from bcos_core.study.slots import Slots
from tests.study.world import World

Rule = Callable[[int, LockedItem, str], dict[str, Any]]


def answer_all(home: Home, world: World, raters: int, rule: Rule) -> None:
    """`rule` gives the values of (rater's number, item, cell); every rater answers all that they get."""
    database = open_database(home)
    plan = plan_of(world.study.id, world.locked)
    slots, answers = Slots(database, plan), Answers(database, plan, form_of(world.locked))
    for number in range(raters):
        rater = Raters(database).join(world.token).rater
        Raters(database).consent(rater.id)
        while (slot := slots.next(rater.id)) is not None:
            item = world.locked.item(slot.item)
            values = rule(number, item, slot.cell or item.cell)
            answers.save(rater.id, slot.id, values, key=f"{slot.id}-key")
        with suppress(StudyFullError):  # more may come than are wanted
            slots.finish(rater.id)
