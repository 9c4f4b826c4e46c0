"""A checklist of methods behind a button, each with what it does and costs, kept in the address; and their options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from bcos_core.attribution.method import Method
from pages.widgets import url
from pages.widgets.option import method_options
from pages.widgets.plain import plain


def method_checklist(
    fitting: Sequence[Method], chosen: Sequence[str], label: str, *, none: list[str] | None
) -> tuple[list[Method], dict[str, dict[str, Any]]]:
    """The chosen ones of the `fitting` methods, by now those named `chosen`, and the options of them that are not at
    their default. `none` is what the address says where none is checked."""
    known = [method.name for method in fitting]
    with st.popover(label, icon=":material/checklist:", key="choose-methods"):
        for method in fitting:
            key = f"method-{method.name}"
            st.session_state[key] = method.name in chosen
            with st.container(gap=None):
                st.checkbox(plain(method.title), key=key, on_change=_check, args=(known, none))
                st.caption(f"{plain(method.description)} Cost: {method.cost}.")
        methods = [method for method in fitting if method.name in chosen]
        if any(method.options for method in methods):
            st.markdown("**Options**")
        return methods, method_options(methods)


def _check(known: Sequence[str], none: list[str] | None) -> None:
    url.write(method=[name for name in known if st.session_state[f"method-{name}"]] or none)
