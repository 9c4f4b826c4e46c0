"""On a narrow screen the grid shows one model at a time; a switch, seen only there, says which."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.model.info import CheckpointInfo
from pages.widgets import url
from pages.widgets.frame import fragment

NARROW = 800
"""Pixels up to which two columns cannot be read side by side."""


@fragment()
def which_model(models: Sequence[CheckpointInfo]) -> None:
    """The switch; the others' columns are hidden by the style sheet, so that nothing is drawn anew."""
    if len(models) < 2:
        return
    places = [str(place) for place in range(len(models))]
    bound = url.bound("shown", places[0], parse=url.one_of(places))
    chosen = st.session_state[bound["key"]]
    st.html(f"<style>{_one_at_a_time(int(chosen), len(models))}</style>")
    with st.container(key="which-model"):
        st.segmented_control(
            "Model on the screen",
            places,
            format_func=lambda place: models[int(place)].name,
            label_visibility="collapsed",
            required=True,
            **bound,
        )


def _one_at_a_time(shown: int, count: int) -> str:
    others = (place for place in range(count) if place != shown)
    hidden = ", ".join(f'[data-testid="stColumn"]:has([class*="st-key-of-{other}-"])' for other in others)
    return f"@media (max-width: {NARROW}px) {{ {hidden} {{ display: none; }} }}"
