"""What a form does not offer, and why: for whoever looks for it, and out of the way of everybody else."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from bcos_core.numbers import count
from pages.widgets.plain import plain


def not_offered(reasons: Mapping[str, str]) -> None:
    """`reasons`: title → a sentence; those with the same reason stand together."""
    if not reasons:
        return
    with st.expander(f"Why {count(len(reasons), 'other is', 'others are')} not offered here"):
        for reason in dict.fromkeys(reasons.values()):
            titles = ", ".join(title for title, given in reasons.items() if given == reason)
            st.markdown(f"**{plain(titles)}.** {plain(reason)}")
