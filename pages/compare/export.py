"""What is on the Compare screen, to take away: pages, pictures, documents, data; as it was seen."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import CHECKOUT
from bcos_core.render.file_name import file_name
from bcos_core.render.formats import FORMATS
from bcos_core.render.html import sheet_html
from bcos_core.render.sheet import Sheet
from pages.compare.copying import BUTTON_CSS, copy_button
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


def export_menu(screen: Screen) -> None:
    """The whole screen; made only while the menu is open, from records that the panels have computed."""
    menu = st.popover("Export", icon=":material/download:", on_change="rerun", key="export")
    if not menu.open:
        return
    with menu, guard():
        with st.spinner("Collecting the panels …"):
            sheet = screen_sheet(screen)
        if sheet is None:
            st.markdown("No panel could be computed.")
            return
        _take_away(sheet, file_name(sheet.record.target.title, _begin(sheet)), "export")
        st.caption("`python -m bcos_core rerun` computes saved records again and says whether they match.")


def panel_export(screen: Screen, cell: Cell) -> None:
    """One panel, in the same kinds of file."""
    menu = st.popover("Export panel", icon=":material/download:", on_change="rerun", key=f"export-{cell.key}")
    if menu.open:
        with menu, guard():
            sheet = panel_sheet(screen, cell)
            parts = (cell.model.name, cell.method.title, sheet.record.target.title, _begin(sheet))
            _take_away(sheet, file_name(*parts), f"export-{cell.key}")


def _take_away(sheet: Sheet, name: str, key: str) -> None:
    """Every kind of file, and copies of what goes into a document. A kind that cannot be made says why."""
    for kind in FORMATS.values():
        with st.container(gap=None), guard():
            data = kind.file([sheet])
            file = f"{name}.{kind.ending}"
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.download_button(
                    kind.title,
                    data,
                    file,
                    kind.mime,
                    f"{key}-{kind.name}",
                    type="tertiary",
                    icon=":material/download:",
                    on_click="ignore",
                )
                if kind.name in _COPIED:
                    copy_button("Copy", data.decode("utf-8"), key=f"{key}-copy-{kind.name}")
    _picture(
        key=f"{key}-picture",
        data={"label": "PNG of this page’s heatmaps", "html": sheet_html(sheet), "name": f"{name}.png"},
    )


def _begin(sheet: Sheet) -> str:
    return " ".join(sheet.record.text.split()[:_WORDS])
