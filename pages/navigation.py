"""The dashboard's pages, and who gets which: navigation, nothing else. `app.py` serves it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from bcos_core.home import CHECKOUT
from bcos_core.later import IMPORTING
from pages.server.preload import preload
from pages.server.roles import Role, role
from pages.server.rooms import ROOMS, Room
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


def shown(room: Room, **options: Any) -> StreamlitPage:
    return st.Page(room.page, url_path=room.name, title=room.title, icon=f":material/{room.icon}:", **options)


rate = shown(Room("rate", "Rate", "rate_review"), visibility="hidden")
if is_researcher:
    rooms = [shown(room, default=room.name == "home") for room in ROOMS.values()]
    page = st.navigation([*rooms, rate], expanded=True)  # however many there are
else:
    welcome = shown(Room("welcome", "Welcome", "waving_hand"), default=True)
    page = st.navigation([welcome, rate], position="hidden")
if is_researcher and not is_rating:
    st.set_page_config(page_title=f"{page.title} · B-cos LM")
    with IMPORTING:
        from pages.widgets.news import announce  # not on a server for raters, which runs no jobs
    announce()
with guard() if is_researcher else raters_guard():
    page.run()
if is_researcher:
    preload()
