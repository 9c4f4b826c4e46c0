"""What a link names and is not there any more is said, instead of something else being shown without a word."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from pages.widgets import url
from pages.widgets.plain import plain


def missing_in_link(parameter: str, known: Collection[str]) -> None:
    """A warning that names what the address gives as `parameter` and is not `known`; nothing where all is."""
    missing = [name for name in url.read_all(parameter) if name and name not in known]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        st.warning(plain(f"The link names {', '.join(missing)}, which {are} not here. Choose another one."))
