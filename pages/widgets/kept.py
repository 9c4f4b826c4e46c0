"""Fields of a form that is filled over several visits: what was typed is there again after another page was open.

Streamlit forgets a widget as soon as a page is drawn without it. What a person chooses is therefore kept for the
session at the moment of the change, which also comes through when the same click leads to another page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal

import streamlit as st

_KEPT = "kept-fields"


Begins = Literal["value", "default", "index"]
"""What a widget calls the value that it begins with; `index` is its place among the options."""


def kept(key: str, default: Any, *, options: Collection[Any] | None = None, begins: Begins = "value") -> dict[str, Any]:
    """Arguments of a widget (`key`, `on_change`, and the one that it `begins` with) that shows `default` and then what
    is chosen. It must be given no value of its own. Of what was kept, only what is among the `options` comes back,
    where there are some; a widget that says None, which no field of a form means, has what was kept."""
    now = st.session_state.get(key)
    value = _fields().get(key, default) if now is None else now
    value = _still_there(default if value is None else value, default, options)

    def changed() -> None:
        # None of a field that is gone, a late change: its form was sent meanwhile.
        if (value := st.session_state.get(key)) is not None:
            _fields()[key] = value

    arguments = {"key": key, "on_change": changed}
    # A value that is set replaces what the browser shows, also what somebody has typed since the run began that sets
    # it: it is set only where the browser cannot know it. Said as what the widget begins with, it replaces nothing, and
    # is what a widget in a closed expander shows, which the browser makes when it opens.
    if now is None or now != value:
        st.session_state[key] = value
        return arguments
    return {**arguments, begins: list(options or ()).index(value) if begins == "index" else value}


def forget(scope: str) -> None:
    """Let every field whose key ends with `scope` begin anew: the form was sent, or is to be empty again."""
    for key in [key for key in map(str, st.session_state) if key.endswith(scope)]:
        del st.session_state[key]
    for key in [key for key in _fields() if key.endswith(scope)]:
        del _fields()[key]


def has_kept(scope: str) -> bool:
    """Whether a field whose key ends with `scope` was changed."""
    return any(key.endswith(scope) for key in _fields())


def _still_there(value: Any, default: Any, options: Collection[Any] | None) -> Any:
    if options is None:
        return value
    if isinstance(value, list):
        return [one for one in value if one in options]
    return value if value in options else default


def _fields() -> dict[str, Any]:
    fields: dict[str, Any] = st.session_state.setdefault(_KEPT, {})
    return fields
