"""Tries to flip an answer: as many are answered as are counted, whoever sends what at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bcos_core.attribution.record import Attribution
from bcos_core.errors import AnswerError, StudyClosedError, StudyError, TextError
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.storage.upgrade import open_database
from bcos_core.study import tries as tries_module
from bcos_core.study.access import Rater
from bcos_core.study.answers import Answers
from bcos_core.study.design import Condition
from bcos_core.study.edits import Outcome
from bcos_core.study.events import EventKind, events_of
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.raters import Raters
from bcos_core.study.slots import Slot, Slots
from bcos_core.study.studies import Studies
from bcos_core.study.tries import Tries
from tests.study.world import World, make_world

TRIES = 5


@dataclass
class Editing:
    """One rater with an item in hand, and a model that can be watched."""

    world: World
    tries: Tries
    rater: Rater
    slot: Slot
    asked: list[str]
    ask: Callable[[Attribution, str], Outcome] | None = None

    @property
    def text(self) -> str:
        return self.world.locked.item(self.slot.item).text

    def attempt(self, text: str) -> Outcome:
        return self.tries.attempt(self.rater.id, self.slot.id, text, lambda condition: load(condition.checkpoint))

    @property
    def stands(self) -> dict[str, Any]:
        return self.tries.answers.given(self.rater.id).get(self.slot.id, {})

    @property
    def used(self) -> int:
        return self.tries.used(self.rater.id, self.slot.id)

    def events(self, *kinds: EventKind) -> list[dict[str, Any]]:
        found = events_of(self.tries.answers.database, self.world.study.id)
        return [event.payload for event in found if event.kind in kinds]


@pytest.fixture
def editing(home: Home, monkeypatch: pytest.MonkeyPatch) -> Editing:
    world = make_world(
        home,
        protocol="edit",
        conditions=lambda bcos, twin: (Condition(bcos, "bcos"), Condition(bcos)),
        practice=0,
        instructed=0,
        tries=TRIES,
    )
    database = open_database(home)
    plan = plan_of(world.study.id, world.locked)
    rater = Raters(database).join(world.token).rater
    Raters(database).consent(rater.id)
    slot = Slots(database, plan).next(rater.id)
    assert slot is not None
    answers = Answers(database, plan, form_of(world.locked))
    editing = Editing(world, Tries(answers, world.locked), rater, slot, [])
    real = tries_module.try_edit

    def watched(record: Attribution, text: str, classifier: Classifier) -> Outcome:
        editing.asked.append(text)
        if editing.ask is not None:
            return editing.ask(record, text)
        return real(record, text, classifier)

    monkeypatch.setattr(tries_module, "try_edit", watched)
    return editing


def told(text: str, *, flipped: bool = False) -> Outcome:
    return Outcome(text, "positive", 0.75, flipped, 1, 0.25)


def test_six_tries_at_once_are_five_answers_and_a_refusal(editing: Editing) -> None:
    together = threading.Barrier(TRIES, timeout=60)  # no answer comes before as many were asked as there are tries

    def ask(record: Attribution, text: str) -> Outcome:
        together.wait()
        return told(text)

    editing.ask = ask
    with ThreadPoolExecutor(6) as pool:
        futures = [pool.submit(editing.attempt, f"{editing.text} {number}") for number in range(6)]
        errors = [error for future in futures if (error := future.exception()) is not None]
    assert [type(error) for error in errors] == [AnswerError] and "No tries are left" in str(errors[0])
    assert len(editing.asked) == editing.used == TRIES
    assert sorted(one["number"] for one in editing.events(EventKind.TRIED)) == [1, 2, 3, 4, 5]
    assert editing.stands["tries"] == TRIES  # the last one that began stands, in whatever order they came back
    outcomes = editing.events(EventKind.ANSWERED, EventKind.CHANGED, EventKind.OVERTAKEN)
    assert sorted(one["values"]["tries"] for one in outcomes) == [1, 2, 3, 4, 5]


def test_a_text_that_is_sent_twice_is_one_try(editing: Editing) -> None:
    together = threading.Barrier(2, timeout=60)

    def ask(record: Attribution, text: str) -> Outcome:
        together.wait()
        return told(text)

    editing.ask = ask
    text = f"{editing.text} indeed"
    with ThreadPoolExecutor(2) as pool:  # a double click: the second one interrupts the page, the first one goes on
        assert set(pool.map(editing.attempt, [text, text])) == {told(text)}
    assert editing.used == 1 and editing.stands["tries"] == 1
    assert editing.attempt(text) == told(text)  # a reload: known, so that nobody is asked
    assert len(editing.asked) == 2 and editing.used == 1


def test_a_flip_stands_and_ends_the_tries(editing: Editing) -> None:
    came: dict[str, threading.Event] = {"second": threading.Event()}

    def ask(record: Attribution, text: str) -> Outcome:
        if text.endswith("slow"):
            assert came["second"].wait(60)
            return told(text)
        return told(text, flipped=True)

    editing.ask = ask
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(editing.attempt, f"{editing.text} slow")
        while not editing.asked:
            threading.Event().wait(0.01)
        editing.attempt(f"{editing.text} quick")
        came["second"].set()
        assert slow.result() == told(f"{editing.text} slow")
    assert editing.stands["flipped"] is True and editing.stands["tries"] == 2
    assert [one["values"]["tries"] for one in editing.events(EventKind.OVERTAKEN)] == [1]
    with pytest.raises(AnswerError, match="changed the model's answer already"):
        editing.attempt(f"{editing.text} again")
    assert editing.used == 2


def test_a_try_whose_process_was_killed_goes_on(editing: Editing) -> None:
    class Killed(BaseException):
        pass

    def die(record: Attribution, text: str) -> Outcome:
        raise Killed

    editing.ask = die
    text = f"{editing.text} indeed"
    with pytest.raises(Killed):
        editing.attempt(text)
    assert editing.used == 1 and editing.stands == {}
    editing.ask = None
    editing.attempt(text)
    assert editing.used == 1 and editing.stands["tries"] == 1


@pytest.mark.parametrize("length", ["a little", "six million"])
def test_a_text_that_is_too_long_costs_nothing(editing: Editing, length: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_model(condition: Condition) -> Classifier:
        raise AssertionError("a model was loaded")

    most = 2 * len(editing.text) + 200
    text = "x " * 3_000_000 if length == "six million" else "x" * (most + 1)
    with pytest.raises(AnswerError, match=r"characters"):
        editing.tries.attempt(editing.rater.id, editing.slot.id, text, no_model)
    with pytest.raises(TextError, match="Nothing is left"):
        editing.tries.attempt(editing.rater.id, editing.slot.id, " \n", no_model)
    assert editing.asked == [] and editing.used == 0 and editing.stands == {}
    assert editing.attempt("x" * most).text == "x" * most  # as long as it may be: asked and saved
    assert editing.used == 1


def test_a_model_that_is_gone_or_changed_costs_no_try(editing: Editing) -> None:
    def gone(condition: Condition) -> Classifier:
        raise StudyError("It is gone.")

    def changed(condition: Condition) -> Classifier:
        return replace(load(condition.checkpoint), weights_hash="another")

    for broken in (gone, changed):
        with pytest.raises(StudyError):
            editing.tries.attempt(editing.rater.id, editing.slot.id, f"{editing.text} indeed", broken)
    assert editing.used == 0 and editing.asked == []


def test_a_closed_study_asks_no_model(editing: Editing) -> None:
    Studies(editing.tries.answers.database).close(editing.world.study.id)
    with pytest.raises(StudyClosedError):
        editing.attempt(f"{editing.text} indeed")
    assert editing.asked == []
