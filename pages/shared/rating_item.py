"""One item of a study as a Streamlit component: it shows what a rater sees, and sends each answer as it is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from bcos_core.home import CHECKOUT

_ASSETS = CHECKOUT / "assets"
_component = st.components.v2.component(
    "study_item",
    html='<section class="item"></section>',
    css=(_ASSETS / "rating.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "rating.js").read_text(encoding="utf-8"),
)

Answer = Mapping[str, Any]


def rating_item(data: dict[str, Any], *, key: str, on_answer: Callable[[Answer], None]) -> None:
    """Draw an item. `on_answer` gets `slot`, `question`, `value` and the `key` that the page made for the answer.

    `data` has `slot`, `answer` (the model's, or None), `panels` and `sides` (as `bcos_core.render.blinded` makes
    them), `questions` (`name`, `kind`, `prompt`, `closed`, `choices`) and the `answers` that are stored.
    """

    def answered() -> None:
        given = st.session_state[key].get("answer")
        if given:
            on_answer(given)

    _component(key=key, data=data, on_answer_change=answered)
