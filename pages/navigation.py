"""The dashboard's pages, and who gets which: navigation, nothing else. `app.py` serves it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from bcos_core.home import CHECKOUT
from pages.server.preload import preload
from pages.server.roles import Role, role
from pages.widgets.errors import guard, raters_guard

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


def room(name: str, title: str, icon: str | None = None, **options: Any) -> StreamlitPage:
    """The page of a folder beside this file, at the address that is the folder's name."""
    shown = f":material/{icon}:" if icon else None
    return st.Page(f"{name}/page.py", url_path=name, title=title, icon=shown, **options)


rate = room("rate", "Rate", "rate_review", visibility="hidden")
if is_researcher:
    page = st.navigation(
        [
            room("home", "Home", "home", default=True),
            room("train", "Train", "model_training"),
            room("jobs", "Jobs", "list_alt"),
            room("models", "Models", "deployed_code"),
            room("compare", "Compare", "compare"),
            room("evaluate", "Evaluate", "leaderboard"),
            room("lab", "Lab", "science"),
            room("studies", "Studies", "groups"),
            rate,
        ]
    )
else:
    page = st.navigation([room("welcome", "Welcome", default=True), rate], position="hidden")
with guard() if is_researcher else raters_guard():
    page.run()
if is_researcher:
    preload()
