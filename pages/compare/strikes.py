"""The words that are struck out: character spans in the address, toggled by clicking a word on any panel."""

from __future__ import annotations

import re

import streamlit as st

from pages.widgets import url
from pages.widgets.frame import fragment
from pages.widgets.plain import plain

Span = tuple[int, int]

PANELS = "panels"
TOOLBAR = "struck"
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")


def struck_spans(length: int) -> tuple[Span, ...]:
    """The spans in the address that lie within a text of `length` characters; anything else there is ignored."""
    spans = ((int(start), int(end)) for start, end in _SPAN.findall(url.read("strike")))
    return tuple(sorted((start, end) for start, end in spans if start < end <= length))


def toggled(spans: tuple[Span, ...], start: int, end: int) -> tuple[Span, ...]:
    """The spans after a click on the word from `start` to `end`: what overlaps it is restored, else it is struck."""
    kept = tuple(span for span in spans if span[1] <= start or end <= span[0])
    return kept if len(kept) < len(spans) else tuple(sorted((*spans, (start, end))))


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
