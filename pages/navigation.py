"""The dashboard's pages, and who gets which: navigation, nothing else. `app.py` serves it."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from bcos_core.home import CHECKOUT
from pages.shared.errors import guard, raters_guard
from pages.shared.preload import preload
from pages.shared.roles import Role, role

is_researcher = role() == Role.RESEARCHER
is_rating = urlsplit(st.context.url or "").path.rstrip("/").endswith("/rate")
# Before `st.navigation`, whose icons the browser would load from elsewhere for the tab.
st.set_page_config(
    page_title="B-cos LM" if is_researcher and not is_rating else "Study",  # a rater is not told what is compared
    page_icon=str(CHECKOUT / "assets" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=220,
)
st.html(CHECKOUT / "assets" / "style.css")
rate = st.Page("rate.py", title="Rate", icon=":material/rate_review:", visibility="hidden")
if is_researcher:
    page = st.navigation(
        [
            st.Page("home.py", title="Home", icon=":material/home:", default=True),
            st.Page("train.py", title="Train", icon=":material/model_training:"),
            st.Page("jobs.py", title="Jobs", icon=":material/list_alt:"),
            st.Page("models.py", title="Models", icon=":material/deployed_code:"),
            st.Page("compare.py", title="Compare", icon=":material/compare:"),
            st.Page("evaluate.py", title="Evaluate", icon=":material/leaderboard:"),
            st.Page("lab.py", title="Lab", icon=":material/science:"),
            st.Page("studies.py", title="Studies", icon=":material/groups:"),
            rate,
        ]
    )
else:
    page = st.navigation([st.Page("welcome.py", title="Welcome", default=True), rate], position="hidden")
with guard() if is_researcher else raters_guard():
    page.run()
preload()
