"""Pinned texts on Compare: put the present one aside in a collection, and come back to others as they were."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from bcos_core.access.table import Action
from bcos_core.numbers import count
from bcos_core.render.csv_file import csv_file
from bcos_core.render.file_name import file_name
from bcos_core.storage.collections import Collections, PinnedText
from bcos_core.text.pair import is_pair, one_line, texts_of
from pages.compare.text_box import show_text
from pages.server.roles import database
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.permission import offer
from pages.widgets.plain import plain

FIRST_NAME = "Pinned"
_SHOWN = 72


def pins_menu(text: str, label: str | None) -> None:
    """The menu; `label` is that of a test text, so that a study can use it."""
    menu = st.popover("Pins", icon=":material/push_pin:", on_change="rerun", key="pins")
    if menu.open:
        with menu, guard():
            pinned_texts(text, label)


def pin_button(text: str, label: str | None, *, key: str) -> None:
    """Pins the present text, in the collection that was chosen last."""
    if offer(st.button, "Pin text", Action.PIN_TEXT, icon=":material/push_pin:", key=key, type="tertiary"):
        collections = Collections(database())
        chosen = str(st.session_state.get("pin-collection") or next(iter(collections.names()), FIRST_NAME))
        collections.pin(chosen, text, label, screen=url.whole())
        st.toast(plain(f"Pinned in “{chosen}”."))


def pinned_texts(text: str, label: str | None) -> None:
    """A collection: pin the present screen, open or take out others."""
    collections = Collections(database())
    names = list(collections.names()) or [FIRST_NAME]
    chosen = str(
        st.selectbox(
            "Collection",
            names,
            accept_new_options=True,
            help="Choose one, or type the name of a new one.",
            key="pin-collection",
        )
        or names[0]
    )
    pin = {"icon": ":material/push_pin:", "key": "pin-this"}
    if text.strip() and offer(st.button, "Pin this text", Action.PIN_TEXT, **pin):
        collections.pin(chosen, text, label, screen=url.whole())
    pinned = collections.texts(chosen)
    st.caption(count(len(pinned), "pinned text") if pinned else "Nothing is pinned here yet.")
    if pinned:
        _download(chosen, pinned)
    for one in pinned:
        _row(collections, chosen, one)


def _download(collection: str, pinned: list[PinnedText]) -> None:
    """The collection as a table: a pair's texts in a column each, as tables of tasks have them."""
    both = any(is_pair(one.text) for one in pinned)
    rows: list[dict[str, str | None]] = [
        {**dict(zip(("first", "second") if both else ("text",), texts_of(one.text), strict=False)), "label": one.label}
        for one in pinned
    ]
    st.download_button(
        "Download as CSV",
        lambda: csv_file(pd.DataFrame(rows)),
        f"{file_name('pinned', collection)}.csv",
        "text/csv",
        key="pins-csv",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )


def _show(one: PinnedText) -> None:
    """The screen as it was pinned; of a text that came without one, the text on the present screen."""
    if one.screen:
        url.open_whole(one.screen)
    else:
        show_text(one.text)


def _row(collections: Collections, collection: str, one: PinnedText) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        short = " ".join(one_line(one.text).split())
        title = short if len(short) <= _SHOWN else f"{short[:_SHOWN]}…"
        st.button(
            plain(title),
            key=f"pinned-{one.item}",
            type="tertiary",
            width="stretch",
            on_click=_show,
            args=(one,),
            help="Shows it with the models, methods, explained class and struck words that it was pinned with."
            if one.screen
            else None,
        )
        close = {"icon": ":material/close:", "key": f"unpin-{one.item}", "type": "tertiary", "help": "Take it out"}
        if offer(st.button, f"Take out {plain(title)}", Action.UNPIN_TEXT, owner=one.owner, **close):
            collections.unpin(collection, one.item)
            st.rerun()
