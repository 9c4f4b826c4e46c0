"""What the model that is trained is called, and notes about it, before the training starts."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.errors import InputError
from bcos_core.jobs.store import Job
from bcos_core.model.about import About, clean
from bcos_core.train.naming import require_free
from pages.widgets import url
from pages.widgets.errors import show_error
from pages.widgets.jobs import job_store

LONGEST_NOTES = 2_000
"""Less than a model may have: they stand in the address until the training starts."""


@dataclass(frozen=True)
class ChosenName:
    name: str
    notes: str


def choose_name(doing: Job | None = None) -> ChosenName | None:
    """The fields; None, and a message beside them, while the name cannot be given. `doing` is the job that does this
    very work already, whose name it may be."""
    left, right = st.columns(2, gap="large")
    with left:
        name = clean(
            st.text_input(
                "Name",
                placeholder="from the task and the recipe",
                help="What the model is called on every page, in exports and in commands. Its conventional twin is "
                "called after it. It can be changed later, on Models.",
                **url.bound("name", ""),
            )
        )
        try:
            About(name)
            require_free(name, job_store(), by=doing)
        except InputError as error:
            show_error(str(error))
            return None
    notes = right.text_area(
        "Notes",
        placeholder="What this training is to show",
        height=68,
        **url.bound("notes", ""),
    )
    if len(notes.strip()) > LONGEST_NOTES:
        with right:
            show_error(
                f"The notes have {len(notes.strip()):,} characters; before a training they can have {LONGEST_NOTES:,}."
            )
        return None
    return ChosenName(name, notes.strip())
