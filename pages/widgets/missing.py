"""What a link names and is not there any more is said, instead of something else being shown without a word."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.widgets.plain import plain


def missing_in_link(names: Sequence[str]) -> None:
    """A warning that names them; nothing where all are there."""
    if names:
        are = "is" if len(names) == 1 else "are"
        st.warning(plain(f"The link names {', '.join(names)}, which {are} not here. Choose another one."))
