"""The words that are struck out: character spans in the address, toggled by clicking a word on any panel."""

from __future__ import annotations

import streamlit as st

from pages.widgets import url
from pages.widgets.frame import fragment
from pages.widgets.plain import plain
from pages.widgets.struck import struck_spans, toggled

PANELS = "panels"
TOOLBAR = "struck"


def toggle(length: int, start: int, end: int) -> None:
    """Strike or restore a word, and redraw the panels alone."""
    spans = toggled(struck_spans(length), start, end)
    url.write(strike=",".join(f"{first}-{last}" for first, last in spans) or None)
    st.rerun([PANELS, TOOLBAR])


@fragment(key=TOOLBAR)
def strike_toolbar(text: str) -> None:
    """What is struck out, with a button that restores it; before that, what a click would do."""
    spans = struck_spans(len(text))
    if not spans:
        st.caption(
            "Click words to strike them out.",
            help="Each panel then shows the change that it predicts, and the real one.",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        words = ", ".join(f"“{plain(text[start:end])}”" for start, end in spans)
        st.markdown(f"Struck out: {words}", width="content")
        st.button("Restore all", icon=":material/undo:", key="restore", on_click=_restore)


def _restore() -> None:
    url.write(strike=None)
    st.rerun([PANELS, TOOLBAR])
