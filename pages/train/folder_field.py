"""A folder of this machine as a field: which folders may be read is said beside it."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import allowed_roots
from pages.widgets import url
from pages.widgets.plain import plain


def folder_field(label: str, parameter: str, placeholder: str, about: str) -> str:
    """What was typed, "" for nothing; `about` says what the folder holds."""
    typed = st.text_input(
        label,
        placeholder=placeholder,
        help=f"{about} Folders that may be read: {', '.join(plain(str(root)) for root in allowed_roots())}. Start the "
        "dashboard with BCOS_ROOTS set to allow others.",
        **url.bound(parameter, ""),
    )
    return typed.strip()
