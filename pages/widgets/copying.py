"""A button that copies to the clipboard, and one that copies the link of the screen as it is."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from pages.widgets import url

BUTTON_CSS = """
button {
  all: unset; cursor: pointer; display: inline-flex; align-items: center; min-height: 2.5rem; padding: 0 0.25rem;
  font-family: var(--st-font); font-size: 0.875rem; color: var(--st-text-color);
}
button:hover { color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); border-radius: 4px; }
"""

# `address` completes the browser's address without a step in its history, so that it names every choice on the
# screen, those that nobody has made yet included; the button then copies the address.
_JS = """
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  if (data.address !== null) {
    const query = new URLSearchParams(location.search);
    const missing = [...new URLSearchParams(data.address)].filter(([name]) => !query.has(name));
    for (const [name, value] of missing) query.append(name, value);
    if (missing.length) history.replaceState(history.state, "", `${location.pathname}?${query}`);
  }
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.address === null ? data.text : location.href);
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not allow copying here";
    }
    setTimeout(() => { button.textContent = data.label; }, 2000);
  };
}
"""

_component = st.components.v2.component("bcos_copy", html='<button type="button"></button>', css=BUTTON_CSS, js=_JS)


def copy_button(label: str, text: str, *, key: str) -> None:
    """A button that copies `text`."""
    _component(key=key, data={"label": label, "text": text, "address": None}, width="content")


def link_button(parameters: dict[str, str | list[str]]) -> None:
    """Writes every choice into the address bar, and copies the link on a click. What a person changes later is written
    beside them (`url.complete`)."""
    url.complete(parameters)
    query = "?" + urlencode(parameters, doseq=True)
    _component(key="copy-link", data={"label": "Copy link", "text": "", "address": query}, width="content")
