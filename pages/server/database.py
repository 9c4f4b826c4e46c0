"""The one database of this server, in the name of whoever is at the browser: the only way by which pages open it."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.actor import NOBODY, Actor
from bcos_core.home import get_home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database


def database_for(actor: Actor) -> Database:
    return _database(str(get_home().root)).acting(actor)


def store_for(actor: Actor) -> JobStore:
    return JobStore(get_home(), database_for(actor))


@st.cache_resource(max_entries=4, show_spinner=False)
def _database(root: str) -> Database:
    return open_database(get_home()).acting(NOBODY)
