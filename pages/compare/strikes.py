"""The words that are struck out: character spans in the address, toggled by clicking a word on any panel."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.text.blank import is_blank
from bcos_core.text.pair import SEPARATOR
from bcos_core.text.units import joined_spans
from pages.compare.text_box import TextPlace, show_text
from pages.widgets import url
from pages.widgets.frame import fragment
from pages.widgets.plain import plain
from pages.widgets.struck import Span, named, struck_spans, toggled

# The parts of the page that a strike changes; the rest stays as it is.
PANELS, HEADS, TOOLBAR = "panels", "heads", "struck"
STRUCK = [PANELS, HEADS, TOOLBAR]
_SPACES = " \t\N{NO-BREAK SPACE}"
_EDGES = f"\n\r{SEPARATOR}"
_CLOSING = ".,;:!?…)]}»”’%"


def toggle(place: TextPlace, length: int, words: Sequence[Span]) -> None:
    """Strike or restore words, and redraw the panels alone. A click that comes late, when another text than the one
    at `place` is on the screen, does nothing."""
    if not place.is_current():
        return
    spans = toggled(struck_spans(length), words)
    url.write(strike=",".join(f"{first}-{last}" for first, last in spans) or None)
    st.rerun(STRUCK)


def without_struck(text: str, spans: tuple[Span, ...]) -> str:
    """The text as it would be typed without the words at `spans`: no two spaces where a word stood, none left before
    a point or at the edge of a line. Line breaks, and the border between two texts, stay."""
    for start, end in reversed(joined_spans(spans)):
        before, after = text[:start], text[end:]
        begins_line = not before or before[-1] in _EDGES
        if begins_line or before[-1] in _SPACES:
            kept = after.lstrip(_SPACES)
            if not begins_line and (not kept or kept[0] in _EDGES or (kept == after and kept[0] in _CLOSING)):
                before = before.rstrip(_SPACES)
            after = kept
        text = before + after
    return text


@fragment(key=TOOLBAR)
def strike_toolbar(text: str) -> None:
    """What is struck out, with a button that restores it and one that explains what is left; before that, what a
    click would do."""
    spans = struck_spans(len(text))
    if not spans:
        st.caption(
            "Click words to strike them out.",
            help="Each panel then shows the change that it predicts, and the real one.",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="struck-words"):
        st.markdown(f"Struck out: {plain(named(text, spans))}", width="content")
        st.button("Restore", icon=":material/undo:", key="restore", on_click=_restore)
        left = without_struck(text, spans)
        st.button(
            "Explain without them",
            key="explain-without",
            on_click=_explain,
            args=(left,),
            disabled=any(map(is_blank, left.split(SEPARATOR))),
            help="The text without the struck words becomes the text, and is explained anew.",
        )


def _explain(text: str) -> None:
    show_text(text)
    st.rerun()  # all of the page, not the toolbar alone


def _restore() -> None:
    url.write(strike=None)
    st.rerun(STRUCK)
