"""The matrix of methods and scores as a Streamlit component: it sends back the number that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.widgets.component import component

_component = component("bcos_matrix", '<div class="matrix"></div>', "matrix")


def matrix(data: dict[str, Any], *, key: str, on_choice: Callable[[str, str, str], None]) -> None:
    """Draw what `bcos_core.render.score_matrix` makes. `on_choice` gets the checkpoint, the method and the score."""

    def chosen() -> None:
        choice = st.session_state[key].get("choice")
        if choice:
            on_choice(str(choice["checkpoint"]), str(choice["method"]), str(choice["score"]))

    _component(key=key, data=data, on_choice_change=chosen)
