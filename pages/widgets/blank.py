"""A page that has gone blank comes back by itself (`assets/blank.js`)."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import CHECKOUT

_component = st.components.v2.component("bcos_blank", js=(CHECKOUT / "assets" / "blank.js").read_text(encoding="utf-8"))


def come_back() -> None:
    """On every page of the dashboard: Streamlit's browser part has ways to fail as a whole that no page can prevent,
    most of them where a machine is busy and one run of a page overtakes another."""
    _component(key="blank", height=0)
