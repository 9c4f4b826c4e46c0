"""What is typed last on a page reaches the server before the click that leaves the page (`assets/leaving.js`)."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import CHECKOUT

_component = st.components.v2.component(
    "bcos_leaving", js=(CHECKOUT / "assets" / "leaving.js").read_text(encoding="utf-8")
)


def keep_what_was_typed() -> None:
    """On every page: a click on another one waits until the field that it leaves was heard."""
    _component(key="leaving")
