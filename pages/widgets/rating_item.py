"""One item of a study as a Streamlit component: it shows what a rater sees, and sends each answer as it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.errors import AnswerError, SlotError, StorageError, TooManyAnswersError
from bcos_core.render.blinded import blinded_panel, shown_answer
from bcos_core.render.palette import PALETTES
from bcos_core.study.design import NO_HEATMAP, StudyDesign
from bcos_core.study.locked import LockedItem, LockedStudy
from bcos_core.study.plan import PAIR
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.question import Question
from bcos_core.study.statement import guesses_about
from pages.widgets.component import component
from pages.widgets.errors import show_error
from pages.widgets.heard import Word, as_sent, heard

_component = component("study_item", '<section class="item"></section>', "rating")

ITEM_KEY = "item-"
TAKEN, REFUSED = "taken", "refused"
_REFUSAL = "answer-refusal"


@dataclass(frozen=True)
class Answer:
    """What the component says that a rater has answered; `key` is made in the page, once for each answer."""

    slot: Word
    question: Word
    value: bool | int | float | str
    key: Word


MOST_AT_ONCE = 50
"""New answers in one message. A person who has clicked while the server was away for long comes with a few."""


def item_data(
    locked: LockedStudy,
    item: LockedItem,
    cell: str,
    slot: str,
    *,
    given: Mapping[str, Any] | None = None,
    before: bool = False,
) -> dict[str, Any] | None:
    """What the browser gets of an item: `slot`, `answer` (the model's), `panels` and `sides`, `questions` (`name`,
    `kind`, `prompt`, `closed`, `choices`), whether their answers must be `distinct`, and the `answers` that are stored.

    With `before`, the text without its heatmap and the questions that come first; None where there are none.
    """
    design = locked.design
    protocol = PROTOCOLS[design.protocol]
    asked = [question for question in design.questions if question.before or not before]
    if before:
        asked = [question for question in asked if question.before]
        if not asked:
            return None
    cell = cell or item.cell
    records = item.shown(cell)
    palette = next(iter(PALETTES.values()))
    sides = [side.capitalize() for side in protocol.sides_of(len(records))]
    panels = [
        blinded_panel(
            record, palette, names_class=protocol.names_class, coloured=not before and _has_heatmap(design, id)
        )
        for record, id in zip(records, cell.split(PAIR), strict=True)
    ]
    return {
        "slot": slot,
        "answer": shown_answer(records[0]) if protocol.shows_prediction else None,
        "panels": panels[: 1 if before else None],
        "sides": sides if not before else [""],
        "distinct": protocol.picks,
        "questions": [_question(question, records[0], closed=question.before and not before) for question in asked],
        "answers": {
            question.name: (given or {})[question.name] for question in asked if question.name in (given or {})
        },
    }


def _question(question: Question, record: Attribution, *, closed: bool) -> dict[str, Any]:
    choices = [{"value": value, "label": label} for value, label in question.shown(guesses_about(record)).items()]
    return {
        "name": question.name,
        "kind": question.kind,
        "prompt": question.prompt,
        "closed": closed,
        "choices": choices,
    }


def _has_heatmap(design: StudyDesign, condition: str) -> bool:
    """A check's random heatmap stands for no condition, and is one."""
    return all(one.method != NO_HEATMAP for one in design.conditions if one.id == condition)


def rating_item(data: dict[str, Any], *, key: str, on_answer: Callable[[Answer], None]) -> None:
    """Draw an item. `on_answer` gets every new answer once.

    `data` is what `item_data` makes. Answers are the component's state, not triggers: a trigger is lost when the next
    one interrupts the run that would have taken it; the state comes with every run until the page is left. The
    component hears which were taken, and sends the others again.
    """
    told = {name: [one for one, slot in _known(name).items() if slot == data["slot"]] for name in (TAKEN, REFUSED)}
    state = _component(key=key, data={**data, **told}, default={"given": []}, on_given_change=lambda: None)
    if _take(heard_answers(state.given), on_answer):
        st.rerun()


def take_answers(on_answer: Callable[[Answer], None]) -> None:
    """Take what was sent before anything is drawn: an answer costs one run instead of two, and none is left behind
    by a click on Back right after it.

    A session that is new to the server, as all are after a restart, knows no component yet: `rating_item` does it.
    """
    for given in _sent():
        _take(given, on_answer)


def is_waiting() -> bool:
    """Whether an answer has come that was not taken."""
    return any(answer.key not in _known(TAKEN) for given in _sent() for answer in given)


def show_refusal() -> None:
    """Say once why an answer was not saved, and will not be."""
    if message := st.session_state.pop(_REFUSAL, ""):
        show_error(message)


def _sent() -> list[Sequence[Answer]]:
    """What each item that this session has shown has sent."""
    names = [name for name in map(str, st.session_state) if name.startswith(ITEM_KEY)]
    return [heard_answers(heard(st.session_state[name], "given", list)) for name in names]


def heard_answers(given: object) -> list[Answer]:
    """The answers in a message, in their order; what is none is left out: a browser's page sends no such thing."""
    found = (as_sent(one, Answer) for one in given) if isinstance(given, list) else ()
    return [answer for answer in found if answer is not None]


def _take(given: Sequence[Answer], on_answer: Callable[[Answer], None]) -> bool:
    """Whether something was taken."""
    new = [answer for answer in given if answer.key not in _known(TAKEN)]
    if len(new) > MOST_AT_ONCE:
        st.session_state[_REFUSAL] = f"{len(new):,} answers came at once, which nobody gives. None of them was saved."
        return False
    for place, answer in enumerate(new):
        try:
            on_answer(answer)
        except TooManyAnswersError as error:
            _known(REFUSED).update({one.key: one.slot for one in new[place:]})
            _known(TAKEN).update({one.key: one.slot for one in new[place:]})
            st.session_state[_REFUSAL] = str(error)
            return True
        except (AnswerError, SlotError) as error:  # and would be again
            _known(REFUSED)[answer.key] = answer.slot
            st.session_state[_REFUSAL] = str(error)
        except StorageError:  # where the database is, and what is wrong with it, is not for raters
            show_error("Your answer is not saved yet; it is sent again by itself. Keep this page open.")
            return place > 0  # those behind it wait as well: an older answer must not overwrite a newer one
        _known(TAKEN)[answer.key] = answer.slot
    return bool(new)


def _known(name: str) -> dict[str, str]:
    """Key of an answer → its slot, for as long as this session lasts."""
    keys: dict[str, str] = st.session_state.setdefault(f"answers-{name}", {})
    return keys
