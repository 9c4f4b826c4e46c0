"""What raters send: tokens of links, ids of panels, answers with their keys. They learn of no folder of the server."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from bcos_core.errors import RaterError
from bcos_core.storage.upgrade import open_database
from bcos_core.study.answer_form import AnswerForm, Choice, FreeText, Number
from bcos_core.study.answers import Answers
from bcos_core.study.invites import InviteKind
from bcos_core.study.recruiting import PROLIFIC, Person
from tests.hostile import values
from tests.hostile.surface import Ground, Surface
from tests.study.open_study import OpenStudy

FORM = AnswerForm((Choice("clear", (1, 2, 3)), FreeText("remark"), Number("sure", 0, 100, required=False)))


@dataclass(frozen=True)
class Message:
    how: str
    token: str
    parameters: tuple[tuple[str, str], ...] = ()
    answer: bytes = b"{}"


def make(ground: Ground) -> tuple[st.SearchStrategy[Message], Callable[[Message], object]]:
    study = OpenStudy.make(open_database(ground.home), items_per_rater=3, raters_per_item=100_000)
    study.studies.recruit(study.id, PROLIFIC)
    answers = Answers(study.database, study.plan, FORM)
    rater = study.arrive()
    slot = study.slots.next(rater.id)
    assert slot is not None
    panel = study.invite(InviteKind.PANEL)
    known = [panel, study.invite(InviteKind.PERSONAL), rater.id, slot.id]
    whole = {"slot": slot.id, "question": "clear", "value": 2, "key": "a key"}
    names = st.sampled_from(("PROLIFIC_PID", "STUDY_ID", "SESSION_ID", "invite", "rater", "at"))

    @st.composite
    def tokens(draw: st.DrawFn) -> str:
        token = draw(st.one_of(values.texts, st.sampled_from(known), st.binary(max_size=40).map(bytes.hex)))
        at = draw(st.integers(0, len(token)))
        return draw(st.sampled_from((token, token[:at], f" {token}\n", token.upper(), f"{token[:at]}\x00{token[at:]}")))

    cases = st.builds(
        Message,
        st.sampled_from(("join", "resume", "come", "panel", "answer", "answer", "answer", "answer")),
        tokens(),
        st.lists(st.tuples(names, values.texts), max_size=3).map(tuple),
        values.changes.map(lambda what: values.written(values.changed(whole, what))),
    )

    def send(message: Message) -> object:
        if message.how == "resume":
            return study.raters.resume(message.token).id
        if message.how in ("join", "come", "panel"):
            person: Person | None = PROLIFIC.person(dict(message.parameters)) if message.how == "panel" else None
            token = panel if message.how == "panel" else message.token
            return study.raters.has_come(token, person) or study.raters.join(token, person=person).is_new
        try:
            given: Any = json.loads(message.answer.decode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError) as error:
            raise RaterError("That is no JSON, and Streamlit itself drops it.") from error
        for answer in ANSWERS_OF(given):
            answers.save(rater.id, answer.slot, {answer.question: answer.value}, key=answer.key)
        return answers.given(rater.id)

    return cases, send


def ANSWERS_OF(given: Any) -> list[Any]:
    from pages.widgets.rating_item import heard_answers

    return heard_answers([given])


SURFACE = Surface("tokens", "raters' links and answers", make, raters=True)
