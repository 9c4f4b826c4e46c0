"""The dashboard's pages, and who gets which: navigation, nothing else. `app.py` serves it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from bcos_core.access.actor import NOBODY
from bcos_core.access.table import Action, may
from bcos_core.errors import StorageError
from bcos_core.home import CHECKOUT
from bcos_core.later import IMPORTING
from pages.server.preload import preload
from pages.server.roles import actor, note_member, team, was_member
from pages.server.rooms import ROOMS, Room
from pages.server.unreachable import say
from pages.widgets.away import wait_for_database
from pages.widgets.blank import come_back
from pages.widgets.errors import guard, raters_guard
from pages.widgets.leaving import keep_what_was_typed
from pages.widgets.who import who_is_here

away: StorageError | None = None
try:
    here = actor()
except StorageError as error:
    say(error, "who is here")
    here, away = NOBODY, error
is_member = may(here, Action.BROWSE)
is_rating = urlsplit(st.context.url or "").path.rstrip("/").endswith("/rate")
# Before `st.navigation`, whose icons the browser would load from elsewhere for the tab.
st.set_page_config(
    page_title="B-cos LM" if is_member and not is_rating else "Study",  # a rater is not told what is compared
    page_icon=str(CHECKOUT / "assets" / "icon.svg"),
    layout="wide",
    initial_sidebar_state=220,
)
st.html(CHECKOUT / "assets" / "style.css")


def shown(room: Room, file: Path | None = None, **options: Any) -> StreamlitPage:
    return st.Page(file or room.page, url_path=room.name, title=room.title, icon=f":material/{room.icon}:", **options)


if is_member:
    note_member()
rate = shown(Room("rate", "Rate", "rate_review"), visibility="hidden")
if is_member or (away is not None and not is_rating):
    # Pages keep their addresses while it cannot be asked whose they are. And a page that is not theirs has an address
    # all the same: it says who may, and the log has who asked.
    looks = {True: "visible", False: "hidden"}
    rooms = [
        shown(room, default=room.name == "home", visibility=looks[may(here, room.action)]) for room in ROOMS.values()
    ]
    page = st.navigation([*rooms, rate], expanded=True)  # however many there are
else:
    welcome = Room("welcome", "Welcome", "waving_hand")
    # Whose session ends keeps the address of the page that is open: the way back in leads there.
    left = ROOMS.values() if was_member() else ()
    doors = [shown(room, welcome.page, visibility="hidden") for room in left]
    page = st.navigation([shown(welcome, default=True), *doors, rate], position="hidden")
if is_member and not is_rating:
    st.set_page_config(page_title=f"{page.title} · B-cos LM")
    with IMPORTING:
        from pages.widgets.news import announce  # not on a server for raters, which runs no jobs
    announce()
    with st.sidebar:
        keep_what_was_typed()
        come_back()
        if team():
            who_is_here(here)
if away is not None:
    wait_for_database(away)
    st.stop()
with guard() if is_member else raters_guard():
    page.run()
if is_member:
    preload()
