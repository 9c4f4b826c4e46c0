"""Rate: what a rater sees, and nothing else. The page is in `pages.rate.rating`."""

from __future__ import annotations

import streamlit as st

from pages.server.preload import settle
from pages.widgets.errors import raters_guard
from pages.widgets.frame import loading

st.html(
    "<style>[data-testid=stSidebar], [data-testid=stExpandSidebarButton] { display: none }"
    ".stMainBlockContainer { max-width: 64rem; padding-top: 4.5rem }"
    # Under a finger nothing is smaller than 44 px.
    "@media (pointer: coarse) { .stButton button, .stFormSubmitButton button, .stLinkButton a, .stCheckbox label,"
    " .stRadio label, [data-testid=stExpander] summary { min-height: 44px; align-items: center } }</style>"
)
with raters_guard():
    with loading("Opening …"):
        from pages.rate.rating import show_rating

        settle("rating")
    show_rating()
