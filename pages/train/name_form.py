"""What the model that is trained is called, and notes about it, before the training starts."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.errors import InputError
from bcos_core.model.about import LONGEST_NAME, About, clean
from bcos_core.model.naming import require_free_name
from pages.widgets import resources, url
from pages.widgets.errors import show_error

LONGEST_NOTES = 2_000
"""Less than a model may have: they stand in the address until the training starts."""


@dataclass(frozen=True)
class ChosenName:
    name: str
    notes: str


def choose_name() -> ChosenName | None:
    """The fields; None, and a message beside them, while the name cannot be given."""
    left, right = st.columns(2, gap="large")
    with left:
        name = clean(
            st.text_input(
                "Name",
                placeholder="from the task and the recipe",
                max_chars=LONGEST_NAME,
                help="What the model is called on every page, in exports and in commands. Its conventional twin is "
                "called after it. It can be changed later, on Models.",
                **url.bound("name", ""),
            )
        )
        try:
            About(name)
            if name:
                require_free_name(resources.checkpoints().values(), name)
        except InputError as error:
            show_error(str(error))
            return None
    notes = right.text_area(
        "Notes",
        placeholder="What this training is to show",
        max_chars=LONGEST_NOTES,
        height=68,
        **url.bound("notes", ""),
    )
    return ChosenName(name, notes.strip())
