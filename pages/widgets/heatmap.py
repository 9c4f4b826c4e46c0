"""The heatmap panel as a Streamlit component: mounted with a record's drawing, it sends clicked words back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from bcos_core.home import CHECKOUT

_ASSETS = CHECKOUT / "assets"
_component = st.components.v2.component(
    "bcos_heatmap",
    html='<article class="panel"></article>',
    css=(_ASSETS / "heatmap.css").read_text(encoding="utf-8"),
    js=(_ASSETS / "heatmap.js").read_text(encoding="utf-8"),
)


def heatmap(data: dict[str, Any], *, key: str, on_strike: Callable[[int, int], None]) -> None:
    """Draw one panel. `on_strike` gets the character span of a word that was clicked.

    `data` has `method`, `model` and `cost` (strings), `failure` (a string or None), `prediction`, `runs`,
    `presentation`, `legend`, `notes` and `blocks`, as `bcos_core.render.drawing` makes them.
    """

    def clicked() -> None:
        word = st.session_state[key].get("strike")
        if word:
            on_strike(int(word["start"]), int(word["end"]))

    _component(key=key, data=data, on_strike_change=clicked)
