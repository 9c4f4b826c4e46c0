"""Sheets to take away: pages, pictures, documents, data; as they were seen."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.home import CHECKOUT
from bcos_core.render.formats import FORMATS
from bcos_core.render.html import sheet_html
from bcos_core.render.sheet import Sheet
from pages.widgets.copying import BUTTON_CSS, copy_button
from pages.widgets.errors import guard

_COPIED = ("latex", "markdown", "bibtex")

_picture = st.components.v2.component(
    "bcos_picture",
    html='<button type="button"></button>',
    css=BUTTON_CSS,
    js=(CHECKOUT / "assets" / "picture.js").read_text(encoding="utf-8"),
)


def take_away(sheets: Sequence[Sheet], name: str, key: str) -> None:
    """Every kind of file, and copies of what goes into a document. A kind that cannot be made says why."""
    for kind in FORMATS.values():
        parts = [list(sheets)] if kind.several else [[sheet] for sheet in sheets]  # a picture shows one text
        for part, which in zip(parts, [""] if len(parts) == 1 else ["before", "after"], strict=True):
            with st.container(gap=None), guard():
                data = kind.file(part)
                with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                    st.download_button(
                        f"{kind.title}, {which}" if which else kind.title,
                        data,
                        f"{name}{which and f'_{which}'}.{kind.ending}",
                        kind.mime,
                        f"{key}-{kind.name}{which}",
                        type="tertiary",
                        icon=":material/download:",
                        on_click="ignore",
                    )
                    if kind.name in _COPIED:
                        copy_button("Copy", data.decode("utf-8"), key=f"{key}-copy-{kind.name}")
    _picture(
        key=f"{key}-picture",
        data={"label": "PNG of this page’s heatmaps", "html": sheet_html(*sheets), "name": f"{name}.png"},
    )
