"""Edit to flip, as a rater sees it: the text to change, what the model says to it, and the tries that are left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from bcos_core.errors import StudyError
from bcos_core.model.classifier import Classifier
from bcos_core.numbers import count, probability
from bcos_core.study.access import Rater
from bcos_core.study.design import Condition
from bcos_core.study.edits import longest_edit
from bcos_core.study.locked import LockedItem
from bcos_core.study.slots import Slot
from bcos_core.text.pair import HEADINGS, SEPARATOR, texts_of, without_separator
from pages.widgets import resources
from pages.widgets.plain import plain
from pages.widgets.rating_item import item_data, rating_item
from pages.widgets.studies import Running


def edit_item(study: Running, rater: Rater, slot: Slot, item: LockedItem, given: dict[str, Any]) -> None:
    """The item, its text to edit, and the outcome of the last try. Every try is saved."""
    design = study.locked.design
    cell = slot.cell or item.cell
    data = item_data(study.locked, item, cell, slot.id)
    if data is not None:
        rating_item({**data, "questions": []}, key=f"shown-{slot.id}", on_answer=lambda answer: None)
    (question,) = design.questions
    shown = given.get(question.name, item.text)
    longest = max(len(shown), longest_edit(item.text))
    parts = texts_of(shown)
    titles = HEADINGS if len(parts) > 1 else (plain(question.prompt),)
    if len(parts) > 1:
        st.markdown(plain(question.prompt))
    text = SEPARATOR.join(
        without_separator(
            st.text_area(title, part, key=f"edit-{slot.id}-{place}", height=140 // len(parts), max_chars=longest)
        )
        for place, (title, part) in enumerate(zip(titles, parts, strict=True))
    )
    left = design.tries - study.tries.used(rater.id, slot.id)
    done = bool(given.get("flipped")) or left <= 0
    label = f"Try it · {count(left, 'try', 'tries')} left"
    # Never disabled for a text that is as it was: what is being typed arrives together with the click.
    if st.button(label, disabled=done, key=f"try-{slot.id}"):
        if text == item.text:
            st.warning("Change the text first.", icon=":material/edit:")
            return
        outcome = study.tries.attempt(rater.id, slot.id, text, _classifier)
        st.session_state[f"said-{slot.id}"] = f"{outcome.label} ({probability(outcome.probability)})"
        st.rerun()
    _said(slot, given, left)


def _classifier(condition: Condition) -> Classifier:
    known = resources.checkpoints()
    name = Path(condition.checkpoint).name
    if name not in known:
        raise StudyError(
            "The model that this study asks is not there any more. Please tell whoever invited you; what you have "
            "saved is kept."
        )
    return resources.classifier(known[name])


def _said(slot: Slot, given: dict[str, Any], left: int) -> None:
    if not given:
        return
    said = st.session_state.get(f"said-{slot.id}")
    words = f"The model now says: **{plain(said)}**. " if said else ""
    changed = f"{count(int(given['edits']), 'word')} changed."
    if given["flipped"]:
        st.success(f"{words}You have changed its answer. {changed}", icon=":material/check:")
    elif left > 0:
        st.info(f"{words}Not yet. {changed}", icon=":material/edit:")
    else:
        st.info(f"{words}No tries are left; go on with the next text.", icon=":material/edit:")
