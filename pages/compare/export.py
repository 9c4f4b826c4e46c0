"""What is on the Compare screen, to take away: pages, pictures, documents, data; as it was seen."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from bcos_core.render.file_name import file_name
from bcos_core.render.sheet import Sheet
from pages.compare.edited import sheets_of_both
from pages.compare.screen import Cell, Screen
from pages.compare.sheet import panel_sheet, screen_sheet
from pages.widgets.errors import guard
from pages.widgets.take_away import take_away

_WORDS = 4  # of the text, in a file's name


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
        take_away(sheets, file_name(sheets[0].record.target.title, _begin(sheets[0])), "export")
        st.caption("`python -m bcos_core rerun` computes saved records again and says whether they match.")


def panel_export(screen: Screen, cell: Cell) -> None:
    """One panel, in the same kinds of file."""
    menu = st.popover("Export panel", icon=":material/download:", on_change="rerun", key=f"export-{cell.key}")
    if menu.open:
        with menu, guard():
            sheet = panel_sheet(screen, cell)
            parts = (cell.model.name, cell.method.title, sheet.record.target.title, _begin(sheet))
            take_away([sheet], file_name(*parts), f"export-{cell.key}")


def _begin(sheet: Sheet) -> str:
    return " ".join(sheet.record.text.split()[:_WORDS])
