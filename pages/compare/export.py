"""What is on the Compare screen, to take away: pages, pictures, documents, data; as it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from bcos_core.home import CHECKOUT
from bcos_core.render.file_name import file_name
from bcos_core.render.formats import FORMATS
from bcos_core.render.html import sheet_html
from bcos_core.render.sheet import Sheet
from pages.compare.copying import BUTTON_CSS, copy_button
from pages.compare.edited import sheets_of_both
from pages.compare.screen import Cell, Screen
from pages.compare.sheet import panel_sheet, screen_sheet
from pages.widgets.errors import guard

_COPIED = ("latex", "markdown", "bibtex")
_WORDS = 4  # of the text, in a file's name

_picture = st.components.v2.component(
    "bcos_picture",
    html='<button type="button"></button>',
    css=BUTTON_CSS,
    js=(CHECKOUT / "assets" / "picture.js").read_text(encoding="utf-8"),
)


def export_menu(screen: Screen, before: str | None = None) -> None:
    """The whole screen, of an edited copy with the text `before` first; made only while the menu is open, from records
    that the panels have computed."""
    menu = st.popover("Export", icon=":material/download:", on_change="rerun", key="export")
    if not menu.open:
        return
    with menu, guard():
        with st.spinner("Collecting the panels …"):
            both = None if before is None else sheets_of_both(replace(screen, text=before), screen)
            sheets = both if both is not None else [sheet for sheet in [screen_sheet(screen)] if sheet is not None]
        if not sheets:
            st.markdown("No panel could be computed.")
            return
        _take_away(sheets, file_name(sheets[0].record.target.title, _begin(sheets[0])), "export")
        st.caption("`python -m bcos_core rerun` computes saved records again and says whether they match.")


def panel_export(screen: Screen, cell: Cell) -> None:
    """One panel, in the same kinds of file."""
    menu = st.popover("Export panel", icon=":material/download:", on_change="rerun", key=f"export-{cell.key}")
    if menu.open:
        with menu, guard():
            sheet = panel_sheet(screen, cell)
            parts = (cell.model.name, cell.method.title, sheet.record.target.title, _begin(sheet))
            _take_away([sheet], file_name(*parts), f"export-{cell.key}")


def _take_away(sheets: Sequence[Sheet], name: str, key: str) -> None:
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


def _begin(sheet: Sheet) -> str:
    return " ".join(sheet.record.text.split()[:_WORDS])
