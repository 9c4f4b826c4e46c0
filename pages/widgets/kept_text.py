"""Texts too long for an address: in a file under `BCOS_HOME`, which counts for whoever has typed it; of those who store
nothing, or have no room left, in their session alone."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.errors import BcosError, QuotaError, StorageError, TextError
from bcos_core.home import get_home
from bcos_core.jobs.quotas import require_disk
from bcos_core.storage.stored_files import note_stored
from bcos_core.text.kept import keep_text, read_text, text_file, text_name, text_size
from bcos_core.text.table import MAX_CELL_CHARACTERS
from pages.server.roles import may_do
from pages.widgets import url
from pages.widgets.jobs import job_store
from pages.widgets.plain import plain

ADDRESS_CHARACTERS = 2_000
BEFORE = ("before", "before-kept")
"""Where the address has the text of which the one on the screen is an edited copy."""
TOO_LONG = "too-long"
"""In the place of a text's name: none that was typed is so long."""
_HELD, _MOST_HELD = "texts-of-the-session", 3


def keep(text: str) -> str:
    """Keep a text; the name it is found by, `TOO_LONG` where it is."""
    if len(text) > MAX_CELL_CHARACTERS:
        return TOO_LONG
    name = text_name(text)
    if name not in _held() and not text_file(get_home(), name).is_file():
        try:
            if not may_do(Action.UPLOAD):
                raise QuotaError("A viewer stores nothing on the server.")
            _store(text)
        except (QuotaError, StorageError) as error:
            held = {**_held(), name: (text, str(error))}
            st.session_state[_HELD] = dict(list(held.items())[-_MOST_HELD:])
    return name


def find(name: str) -> str:
    """The text that was kept under `name`.

    Raises:
        TextError: there is none.
    """
    if name == TOO_LONG:
        raise TextError(
            f"The text has more than {MAX_CELL_CHARACTERS:,} characters, the most that are read of one. Paste a part "
            "of it: models read its first hundreds of words only."
        )
    return _held()[name][0] if name in _held() else read_text(get_home(), name)


def on_screen(names: tuple[str, str]) -> str | None:
    """The text that the address has, itself or by its name, "" where it has none; what is to know of one that was kept
    is said. None where it is not to be had, which is said as well."""
    short, long = names
    if long not in st.query_params:
        return url.read(short)
    name = url.read(long)
    try:
        text = find(name)
    except BcosError as error:
        st.warning(plain(str(error)))
        return None
    if name in _held():
        st.caption(plain(f"A text too long for a link: it is kept for this visit alone. {_held()[name][1]}"))
    return text


def place_of(text: str, names: tuple[str, str] = ("text", "kept")) -> dict[str, str | None]:
    """The parameters that put a text into the address: itself, or the name of a long one."""
    short, long = names
    if len(text) > ADDRESS_CHARACTERS:
        return {long: keep(text), short: None}
    return {short: text, long: None}


def _store(text: str) -> None:
    store = job_store()
    require_disk(store.home, store.database, store.database.actor.owner, more=text_size(text))
    note_stored(store.database, store.home, keep_text(store.home, text))


def _held() -> dict[str, tuple[str, str]]:
    """By name: texts, and why they are no files."""
    return dict(st.session_state.get(_HELD, {}))
