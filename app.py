"""The dashboard: navigation, nothing else. Started by `make app`."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import CHECKOUT
from pages.shared.errors import guard
from pages.shared.preload import preload
from pages.shared.roles import Role, role

st.set_page_config(
    page_title="B-cos LM", page_icon=str(CHECKOUT / "assets" / "icon.svg"), layout="wide", initial_sidebar_state=220
)
st.html(CHECKOUT / "assets" / "style.css")
rate = st.Page("pages/rate.py", title="Rate", icon=":material/rate_review:", visibility="hidden")
if role() == Role.RATER:
    page = st.navigation([st.Page("pages/welcome.py", title="Welcome", default=True), rate], position="hidden")
else:
    page = st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/jobs.py", title="Jobs", icon=":material/list_alt:"),
            st.Page("pages/models.py", title="Models", icon=":material/deployed_code:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare:"),
            st.Page("pages/evaluate.py", title="Evaluate", icon=":material/leaderboard:"),
            st.Page("pages/lab.py", title="Lab", icon=":material/science:"),
            st.Page("pages/studies.py", title="Studies", icon=":material/groups:"),
            rate,
        ]
    )
with guard():
    page.run()
preload()
