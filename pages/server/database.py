"""The one database of this server, in the name of whoever is at the browser: the only way by which pages open it."""

from __future__ import annotations

from time import monotonic

import streamlit as st

from bcos_core.access.actor import NOBODY, Actor
from bcos_core.home import get_home
from bcos_core.jobs.store import JobStore
from bcos_core.storage.database import Database
from bcos_core.storage.upgrade import open_database, revisions_of

LOOK_SECONDS = 5.0
"""How often it is looked whether another server, of a newer version, has changed the tables under this one."""

_looked_at: dict[str, float] = {}


def database_for(actor: Actor) -> Database:
    """
    Raises:
        NewerDatabaseError: since this server has opened it, a newer version of the program has changed its tables: what
            this one would write there is not what that one promises.
        StorageError: it cannot be read, or made.
    """
    root = str(get_home().root)
    database = _database(root)
    now = monotonic()
    if now - _looked_at.get(root, -LOOK_SECONDS) >= LOOK_SECONDS:
        revisions_of(database)
        _looked_at[root] = now
    return database.acting(actor)


def store_for(actor: Actor) -> JobStore:
    return JobStore(get_home(), database_for(actor))


@st.cache_resource(max_entries=4, show_spinner=False)
def _database(root: str) -> Database:
    return open_database(get_home()).acting(NOBODY)
