"""The rater's way: invitation, consent, one item at a time, thank you. The address holds who rates and where."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import streamlit as st

from bcos_core.errors import InviteError, RaterError, StudyClosedError, StudyError, StudyFullError
from bcos_core.numbers import count
from bcos_core.study.access import Rater, require_active, require_open
from bcos_core.study.assignment import SlotKind
from bcos_core.study.invites import InviteKind, find_invite
from bcos_core.study.locked import LockedItem, LockedStudy
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.recruiting import Person
from bcos_core.study.slots import Slot, SlotList
from bcos_core.study.studies import Study
from pages.rate.check import ask_check, screened_out, show_end
from pages.server.guesses import guessed
from pages.server.preload import preload
from pages.server.roles import rater_is_here
from pages.widgets import url
from pages.widgets.errors import raters_guard
from pages.widgets.frame import loading
from pages.widgets.plain import plain, plain_lines
from pages.widgets.rating_item import (
    ITEM_KEY,
    Answer,
    is_waiting,
    item_data,
    rating_item,
    show_refusal,
    take_answers,
)
from pages.widgets.studies import Running, rating_database, recruiting_of, running, study_of

INVITE, RATER, AT = "invite", "rater", "at"
_SAME_LINK = "You can stop and come back by the same link at any time."
_COME_BACK = {
    InviteKind.PERSONAL: _SAME_LINK,
    InviteKind.PANEL: _SAME_LINK,
    # Whoever opens this one again is somebody new: what brings them back is the address after the start.
    InviteKind.OPEN: "You can stop at any time. To come back, keep the address that this page has once you have "
    "started: this link begins anew.",
}


def show_rating() -> None:
    """The whole page. Whoever has no link that lets them in is told so, and nothing else."""
    try:
        rater = _come_in()
        if rater is not None:
            _rate(rater)
    except StudyFullError as error:
        _message("The study is full", str(error))
    except (InviteError, RaterError, StudyClosedError) as error:
        late = " Your last answer came too late and is not saved." if is_waiting() else ""
        _message("This link cannot be used now", f"{error}{late}")


def _come_in() -> Rater | None:
    """Who is here; None while they are still asked for their consent."""
    raters = Raters(rating_database())
    if key := url.read(RATER):
        with guessed():
            rater = raters.resume(key)
        rater_is_here()
        return rater
    if token := url.read(INVITE):
        with guessed(), rating_database().read() as connection:
            invite = find_invite(connection, token)
        row = study_of(invite.study)
        require_open(row.status)
        person = _person(row) if invite.kind == InviteKind.PANEL else None
        study = _prepared(row)
        # Before they agree to anything; of those who have come before, what they answered decides.
        if study.slots.is_full() and not raters.has_come(token, person):
            raise StudyFullError("Enough people have answered. Thank you for your interest.")
        _welcome(token, invite.kind, study.locked, person)
        return None
    _message("Welcome", "Open the link of your invitation to take part in a study.")
    return None


def _person(row: Study) -> Person | None:
    """Who comes by a panel's link, as the address says; nothing else of it is read."""
    recruiting = recruiting_of(row.id)
    return None if recruiting is None else recruiting.person(st.query_params)


def _prepared(row: Study, rater: str = "") -> Running:
    """The study, and its model on the way while a person still reads, where it needs one."""
    study = running(row, rater)
    if _edits(study):
        preload()
    return study


def _welcome(token: str, kind: InviteKind, locked: LockedStudy, person: Person | None) -> None:
    design = locked.design
    st.title(plain(design.title), anchor=False)
    with st.container(border=True):
        st.markdown(plain_lines(design.instructions))
        shown = len(locked.items) - len(locked.of_kind("item")) + design.items_per_rater
        st.caption(f"{count(shown, 'short text')}. {_COME_BACK[kind]}")
    if design.consent.strip():
        st.markdown(plain_lines(design.consent))
    agreed = st.checkbox("I have read this, and agree to take part.", key="consent")
    if st.button("Start", type="primary", disabled=not agreed):
        # Kept, because a second click that interrupts this run must not bring in a second person.
        joined = st.session_state.get(f"joined-{token}") or Raters(rating_database()).join(token, person=person)
        st.session_state[f"joined-{token}"] = joined
        if joined.rater.screened_out_at is None:
            Raters(rating_database(joined.rater.id)).consent(joined.rater.id)
        # What the panel has said of the person goes out of the address with the invitation.
        url.write(**dict.fromkeys(st.query_params), **{RATER: joined.resume_token})
        st.rerun()


def _rate(rater: Rater) -> None:
    if rater.screened_out_at is not None:
        screened_out(rater)
        return
    if rater.completion_code is not None and not url.read(AT):
        _thank_you(rater, rater.completion_code)
        return
    require_active(rater)
    study = _prepared(study_of(rater.study), rater.id)
    if study.locked.design.comprehension and rater.understood_at is None:
        ask_check(rater, study.locked.design.comprehension)
        return
    if not _edits(study):
        take_answers(lambda answer: _save(study, rater, answer))
    own = study.slots.of(rater.id)
    slot = _slot(study, rater, own)
    if slot is None:
        _thank_you(rater, study.slots.finish(rater.id))
        return
    _frame(study, rater, slot, own if slot in own else [*own, slot])


def _slot(study: Running, rater: Rater, own: SlotList) -> Slot | None:
    """The item at the address's place, else the one that the rater has in hand, else the next."""
    chosen = next((slot for slot in own if str(slot.position) == url.read(AT)), None)
    if chosen is not None:
        return chosen
    in_hand = next((slot for slot in own if slot.answered_at is None), None)
    slot = in_hand or study.slots.next(rater.id)
    if slot is not None:
        url.write(**{AT: str(slot.position)})
    return slot


def _frame(study: Running, rater: Rater, slot: Slot, own: SlotList) -> None:
    """Progress, the item, the way back and on."""
    answered, total = study.slots.progress(own)
    place = own.index(slot)
    practice = " · practice, it does not count" if slot.kind == SlotKind.PRACTICE else ""
    st.progress(min(1.0, answered / total), text=f"{place + 1} of {total}{practice}")
    item = study.locked.item(slot.item)
    given = study.answers.given(rater.id).get(slot.id, {})
    edits = _edits(study)
    show_refusal()
    if edits:
        with raters_guard():
            with loading("Loading the model …"):
                from pages.rate.edit import edit_item
            edit_item(study, rater, slot, item, given)
    else:
        _item(study, rater, slot, item, given)
    complete = study.answers.form.required <= given.keys()
    if complete and item.feedback:
        st.info(plain(item.feedback), icon=":material/school:")
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        before = own[place - 1].position if place else None
        st.button("Back", shortcut="Left", disabled=before is None, on_click=_go, args=(before,))
        if edits and given:
            st.caption("Saved")  # of the other protocols the item itself says it, answer by answer
        after = own[place + 1].position if place + 1 < len(own) else None
        st.button(
            "Next", type="primary", shortcut="Right", disabled=not complete, on_click=_on, args=(study, rater, after)
        )
    _pause(rater)


def _on(study: Running, rater: Rater, position: int | None) -> None:
    """To the item after this one, which is given now where it is a new one: its address is one step of the browser's
    history, so that the browser's Back leads to the item before it."""
    if position is None:
        with suppress(StudyError):  # said when the page is drawn
            slot = study.slots.next(rater.id)
            position = None if slot is None else slot.position
    _go(position)


def _go(position: int | None) -> None:
    """To an item of the rater's, or to the end."""
    url.write(**{AT: None if position is None else str(position)})


def _item(study: Running, rater: Rater, slot: Slot, item: LockedItem, given: dict[str, Any]) -> None:
    before = not _first(study) <= given.keys()
    data = item_data(study.locked, item, slot.cell, slot.id, given=given, before=before)
    if data is not None:
        rating_item(data, key=f"{ITEM_KEY}{slot.id}", on_answer=lambda answer: _save(study, rater, answer))


def _save(study: Running, rater: Rater, answer: Answer) -> None:
    if answer.question in _first(study) and answer.question in study.answers.given(rater.id).get(answer.slot, {}):
        return  # the guess from the text alone stands once the heatmap was seen
    study.answers.save(rater.id, answer.slot, {answer.question: answer.value}, key=answer.key)


def _first(study: Running) -> set[str]:
    """The questions that are asked before the heatmap is shown."""
    return {question.name for question in study.locked.design.questions if question.before}


def _edits(study: Running) -> bool:
    """Whether the answers are tries, which the model judges: then none comes from the browser."""
    return PROTOCOLS[study.locked.design.protocol].live


def _pause(rater: Rater) -> None:
    with st.expander("Take a break, or stop", icon=":material/pause:"):
        st.markdown(
            "Every answer is saved as you give it. Keep the address of this page to go on later, on any device."
        )
        sure = st.checkbox("I do not want to take part any more; do not use my answers.", key="withdraw-sure")
        if st.button("Withdraw", disabled=not sure):
            Raters(rating_database(rater.id)).withdraw(rater.id)
            st.rerun()


def _thank_you(rater: Rater, code: str) -> None:
    st.header("Thank you", anchor=False)
    st.markdown("All your answers are saved.")
    recruiting = recruiting_of(rater.study) if rater.panel_id is not None else None
    show_end((recruiting.completion if recruiting else "") or code, recruiting)
    st.button("Look at my answers again", type="tertiary", on_click=_go, args=(0,))


def _message(title: str, text: str) -> None:
    st.title(title, anchor=False)
    st.markdown(plain(text))
