"""Rate: what a rater sees, and nothing else. The page is in `pages.shared.rating`."""

from __future__ import annotations

import streamlit as st

from pages.shared.errors import raters_guard
from pages.shared.preload import settle

st.html(
    "<style>[data-testid=stSidebar], [data-testid=stExpandSidebarButton] { display: none }"
    ".stMainBlockContainer { max-width: 64rem; padding-top: 4.5rem }</style>"
)
with raters_guard():
    with st.spinner("Opening …"):
        from pages.shared.rating import show_rating

        settle("rating")
    show_rating()
