"""The words before a token that are struck out: character spans in the address, toggled by a click on the heatmap."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets import url
from pages.widgets.plain import plain
from pages.widgets.struck import Span, named, struck_spans, toggled

WHY = "why"
"""The part of the page that a strike changes."""


def toggle(length: int, words: Sequence[Span]) -> None:
    """Strike or restore words of a text of `length` characters."""
    spans = toggled(struck_spans(length), words)
    url.write(strike=",".join(f"{first}-{last}" for first, last in spans) or None)
    st.rerun([WHY])


def strike_toolbar(text: str) -> None:
    """What is struck out, and the button that restores it; before that, what a click would do."""
    spans = struck_spans(len(text))
    if not spans:
        st.caption("Click words to strike them out: what the heatmap predicts, and what really happens to this token.")
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="struck-words"):
        st.markdown(f"Struck out: {plain(named(text, spans))}", width="content")
        st.button("Restore", icon=":material/undo:", key="restore", on_click=_restore)


def _restore() -> None:
    url.write(strike=None)
    st.rerun([WHY])
