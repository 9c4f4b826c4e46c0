"""The matrix of methods and scores as a Streamlit component: it sends back the number that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.widgets.component import component
from pages.widgets.heard import Word, heard

_component = component("bcos_matrix", '<div class="matrix"></div>', "matrix")


@dataclass(frozen=True)
class _Choice:
    checkpoint: Word
    method: Word
    score: Word


def matrix(data: dict[str, Any], *, key: str, on_choice: Callable[[str, str, str], None]) -> None:
    """Draw what `bcos_core.render.score_matrix` makes. `on_choice` gets the checkpoint, the method and the score."""

    def chosen() -> None:
        choice = heard(st.session_state[key], "choice", _Choice)
        if choice is not None:
            on_choice(choice.checkpoint, choice.method, choice.score)

    _component(key=key, data=data, on_choice_change=chosen)
