"""Enter commits a box of several lines, as it does a message."""

from __future__ import annotations

import streamlit as st

# Enter commits the box as leaving it does; Shift+Enter begins a new line, as in a message. It is heard at the document:
# the box may come later than this, and be another one after a change of the page.
_ENTER_JS = """
export default function ({ data }) {
  const enter = (event) => {
    const box = event.target;
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    if (!box.matches?.(`.st-key-${data.key} textarea`)) return;
    event.preventDefault();
    box.blur();
    box.focus();
  };
  document.addEventListener("keydown", enter, true);
  return () => document.removeEventListener("keydown", enter, true);
}
"""
_component = st.components.v2.component("bcos_enter_runs", js=_ENTER_JS)


def enter_runs(key: str) -> None:
    """Of the box of that key."""
    _component(key=f"enter-runs-{key}", data={"key": key})
