"""On a narrow screen the grid shows one model at a time; a switch, seen only there, says which."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.model.info import CheckpointInfo
from pages.widgets import url
from pages.widgets.component import component
from pages.widgets.frame import fragment
from pages.widgets.heard import Count, heard

NARROW = 800
"""Pixels up to which two columns cannot be read side by side."""

_component = component("bcos_one_model", '<fieldset aria-label="Model on the screen"></fieldset>', "one_model")


@fragment()
def which_model(models: Sequence[CheckpointInfo]) -> None:
    """The switch. The browser hides the other columns by itself and has the choice in the address at once: nothing is
    drawn anew, and nothing waits for what is being computed. The server hears of it, to keep it there with what is
    written next."""
    if len(models) < 2:
        return
    shown = url.number("shown", below=len(models)) or 0
    with st.container(key="which-model"):
        _component(
            key="one-model",
            data={"models": [model.name for model in models], "shown": shown, "narrow": NARROW},
            on_shown_change=_chosen,
        )


def _chosen() -> None:
    shown = heard(st.session_state["one-model"], "shown", Count)
    if shown is not None:
        url.write(shown=str(shown))
