"""Fields of a form that is filled over several visits: what was typed is there again after another page was open.

Streamlit forgets a widget as soon as a page is drawn without it. What a person chooses is therefore kept for the
session at the moment of the change, which also comes through when the same click leads to another page.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import streamlit as st

_KEPT = "kept-fields"


def kept(key: str, default: Any, *, options: Collection[Any] | None = None) -> dict[str, Any]:
    """Arguments (`key`, `on_change`) of a widget that begins with `default` and keeps what is chosen. It must be given
    no value of its own. Of what was kept, only what is among the `options` comes back, where there are some; a widget
    that says None, which no field of a form means, has what was kept."""
    value = st.session_state.get(key)
    if value is None:
        value = _fields().get(key, default)
    # On every run: the browser makes a widget in a closed expander when it opens, and would then show an empty one for
    # a value that only an older run has set.
    st.session_state[key] = _still_there(default if value is None else value, default, options)

    def changed() -> None:
        # None of a field that is gone, a late change: its form was sent meanwhile.
        if (value := st.session_state.get(key)) is not None:
            _fields()[key] = value

    return {"key": key, "on_change": changed}


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
