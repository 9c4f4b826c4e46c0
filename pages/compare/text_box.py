"""The text of the Compare screen: where it comes from, and the box in which it is typed."""

from __future__ import annotations

import streamlit as st

from bcos_core.errors import BcosError
from pages.compare import kept_text
from pages.compare.examples import TestSet
from pages.widgets import url
from pages.widgets.plain import plain

_KEY = "text"

# Enter commits the box as leaving it does; Shift+Enter begins a new line, as in a message.
_ENTER_JS = """
export default function ({ data }) {
  const box = document.querySelector(`.st-key-${data.key} textarea`);
  if (!box) return;
  const enter = (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    box.blur();
    box.focus();
  };
  box.addEventListener("keydown", enter);
  return () => box.removeEventListener("keydown", enter);
}
"""
_enter_runs = st.components.v2.component("bcos_enter_runs", js=_ENTER_JS)


def example_index(tests: TestSet | None) -> int | None:
    """The test text on the screen, or None when a person typed one. A screen without a text opens on one."""
    if "text" in st.query_params or "kept" in st.query_params or tests is None:
        return None
    given = url.read("example")
    if given.isdigit() and int(given) < len(tests.examples):
        return int(given)
    return tests.opening()


def screen_text(tests: TestSet | None, example: int | None) -> str:
    """The text on the screen, "" when there is none yet."""
    if example is not None and tests is not None:
        return tests.examples.texts[example]
    if "kept" in st.query_params:
        try:
            return kept_text.find(url.read("kept"))
        except BcosError as error:
            st.warning(plain(str(error)))
            return ""
    return url.read("text")


def address_of(text: str, example: int | None) -> dict[str, str]:
    """The parameter that reproduces the text."""
    if example is not None:
        return {"example": str(example)}
    return {"kept": url.read("kept")} if "kept" in st.query_params else {"text": text}


def text_box(text: str) -> None:
    """The box, with a button for those who do not know that Enter runs."""
    if st.session_state.get(_KEY) != text:
        st.session_state[_KEY] = text
    st.text_area(
        "Text",
        key=_KEY,
        height=132,
        on_change=_typed,
        placeholder="Type or paste a text, or pick one from the test set.",
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Explain", type="primary", key="explain")
        st.caption("Enter runs, Shift+Enter starts a new line.", width="content")
    _enter_runs(key="enter-runs", data={"key": _KEY})


def _typed() -> None:
    url.write(**kept_text.place_of(st.session_state[_KEY]), example=None, strike=None)
