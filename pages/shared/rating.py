"""The rater's way: invitation, consent, one item at a time, thank you. The address holds who rates and where."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.errors import InviteError, RaterError, StudyClosedError
from bcos_core.render.numbers import count
from bcos_core.study.access import Rater, require_active, require_open
from bcos_core.study.assignment import SlotKind
from bcos_core.study.invites import find_invite
from bcos_core.study.locking import LockedItem, LockedStudy
from bcos_core.study.protocols import EDIT
from bcos_core.study.raters import Raters
from bcos_core.study.slots import Slot
from pages.shared import url
from pages.shared.errors import guard
from pages.shared.plain import plain
from pages.shared.rating_edit import edit_item
from pages.shared.rating_item import Answer, item_data, rating_item
from pages.shared.studies import Running, database, running, studies

INVITE, RATER, AT = "invite", "rater", "at"


def show_rating() -> None:
    """The whole page. Whoever has no link that lets them in is told so, and nothing else."""
    try:
        rater = _come_in()
        if rater is not None:
            _rate(rater)
    except (InviteError, RaterError, StudyClosedError) as error:
        _message("This link cannot be used now", str(error))


def _come_in() -> Rater | None:
    """Who is here; None while they are still asked for their consent."""
    raters = Raters(database())
    if key := url.read(RATER):
        return raters.resume(key)
    if token := url.read(INVITE):
        with database().read() as connection:
            study = find_invite(connection, token).study
        row = studies().get(study)
        require_open(row.status)
        _welcome(token, running(row).locked)
        return None
    _message("Welcome", "Open the link of your invitation to take part in a study.")
    return None


def _welcome(token: str, locked: LockedStudy) -> None:
    design = locked.design
    st.header(plain(design.title), anchor=False)
    with st.container(border=True):
        st.markdown(plain(design.instructions))
        shown = len(locked.items) - len(locked.of_kind("item")) + design.items_per_rater
        st.caption(f"{count(shown, 'short text')}. You can stop and come back by the same link at any time.")
    if design.consent.strip():
        st.markdown(plain(design.consent))
    agreed = st.checkbox("I have read this, and agree to take part.", key="consent")
    if st.button("Start", type="primary", disabled=not agreed):
        joined = Raters(database()).join(token)
        Raters(database()).consent(joined.rater.id)
        url.write(**{RATER: joined.resume_token, INVITE: None})
        st.rerun()


def _rate(rater: Rater) -> None:
    if rater.completion_code is not None and not url.read(AT):
        _thank_you(rater.completion_code)
        return
    require_active(rater)
    study = running(studies().get(rater.study))
    slot = _slot(study, rater)
    if slot is None:
        _thank_you(study.slots.finish(rater.id))
        return
    _frame(study, rater, slot)


def _slot(study: Running, rater: Rater) -> Slot | None:
    """The item at the address's place, else the one that the rater has in hand, else the next."""
    own = study.slots.of(rater.id)
    chosen = next((slot for slot in own if str(slot.position) == url.read(AT)), None)
    if chosen is not None:
        return chosen
    slot = study.slots.next(rater.id)
    if slot is not None:
        url.write(**{AT: str(slot.position)})
    return slot


def _frame(study: Running, rater: Rater, slot: Slot) -> None:
    """Progress, the item, the way back and on."""
    own = study.slots.of(rater.id)
    answered, total = study.slots.progress(rater.id)
    place = [one.position for one in own].index(slot.position)
    practice = " · practice, it does not count" if slot.kind == SlotKind.PRACTICE else ""
    st.progress(min(1.0, answered / total), text=f"{place + 1} of {total}{practice}")
    item = study.locked.item(slot.item)
    given = study.answers.given(rater.id).get(slot.id, {})
    with guard():
        if study.locked.design.questions[0].kind == EDIT:
            edit_item(study, rater, slot, item, given)
        else:
            _item(study, rater, slot, item, given)
    given = study.answers.given(rater.id).get(slot.id, {})
    complete = study.answers.form.required <= given.keys()
    if complete and item.feedback:
        st.info(plain(item.feedback), icon=":material/school:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        before = own[place - 1].position if place else None
        st.button("Back", shortcut="Left", disabled=before is None, on_click=_go, args=(before,))
        st.caption("Saved" if given else "Answer with the mouse, or with the number keys")
        after = own[place + 1].position if place + 1 < len(own) else None
        st.button("Next", type="primary", shortcut="Right", disabled=not complete, on_click=_go, args=(after,))
    _pause(rater)


def _go(position: int | None) -> None:
    """To an item that was there before, or on to what comes next."""
    url.write(**{AT: None if position is None else str(position)})


def _item(study: Running, rater: Rater, slot: Slot, item: LockedItem, given: dict[str, Any]) -> None:
    first = [question.name for question in study.locked.design.questions if question.before]
    data = item_data(study.locked, item, slot.cell, slot.id, given=given, before=not set(first) <= given.keys())

    def save(answer: Answer) -> None:
        with guard():
            question = str(answer["question"])
            if question in first and question in given:
                return  # the guess from the text alone stands once the heatmap was seen
            study.answers.save(rater.id, str(answer["slot"]), {question: answer["value"]}, key=str(answer["key"]))

    if data is not None:
        rating_item(data, key=f"item-{slot.id}", on_answer=save)


def _pause(rater: Rater) -> None:
    with st.expander("Take a break, or stop", icon=":material/pause:"):
        st.markdown(
            "Every answer is saved as you give it. Keep the address of this page to go on later, on any device."
        )
        sure = st.checkbox("I do not want to take part any more; do not use my answers.", key="withdraw-sure")
        if st.button("Withdraw", disabled=not sure):
            Raters(database()).withdraw(rater.id)
            st.rerun()


def _thank_you(code: str) -> None:
    st.header("Thank you", anchor=False)
    st.markdown("All your answers are saved. This is your completion code:")
    st.code(code, language=None)
    st.button("Look at my answers again", type="tertiary", on_click=_go, args=(0,))


def _message(title: str, text: str) -> None:
    st.header(title, anchor=False)
    st.markdown(plain(text))
