"""Everything on the Compare screen, to take away: one HTML page, one picture, the records."""

from __future__ import annotations

import json
import re

import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.errors import BcosError
from bcos_core.home import CHECKOUT
from bcos_core.render.html import Panel, panels_html
from pages.compare.copying import BUTTON_CSS
from pages.compare.screen import Screen
from pages.widgets.errors import guard

_picture = st.components.v2.component(
    "bcos_picture",
    html='<button type="button"></button>',
    css=BUTTON_CSS,
    js=(CHECKOUT / "assets" / "picture.js").read_text(encoding="utf-8"),
)


def export_menu(screen: Screen) -> None:
    """The downloads; made only while the menu is open, from records that the panels have computed."""
    menu = st.popover("Export", icon=":material/download:", on_change="rerun", key="export")
    if not menu.open:
        return
    with menu, guard():
        panels: list[Panel] = []
        with st.spinner("Collecting the panels …"):
            for cell in screen.cells:
                try:
                    panels.append(Panel(screen.record(cell), screen.scale(cell)))
                except BcosError:  # its panel shows the error
                    continue
        if not panels:
            st.markdown("No panel could be computed.")
            return
        name = file_name(panels[0].record)
        page = panels_html(
            panels, granularity=screen.style.granularity, palette=screen.style.palette, notes=screen.warnings()
        )
        records = json.dumps([json.loads(panel.record.to_json()) for panel in panels], ensure_ascii=False)
        _download("HTML page", page, f"{name}.html", "text/html")
        _picture(key="export-png", data={"label": "PNG picture", "html": page, "name": f"{name}.png"})
        _download("JSON records", records, f"{name}.json", "application/json")
        st.caption("`python -m bcos_core rerun` computes saved records again and says whether they match.")


def file_name(record: Attribution, *more: str) -> str:
    """Speaking, and safe on every system: `more`, explained class, the text's first words."""
    parts = (*more, record.target.title, " ".join(record.text.split()[:4]))
    return "_".join(re.sub(r"[^\w-]+", "-", part).strip("-")[:40] for part in parts if part)


def _download(label: str, data: str, name: str, mime: str) -> None:
    st.download_button(
        label,
        data,
        name,
        mime,
        f"export-{label}",
        type="tertiary",
        icon=":material/download:",
        on_click="ignore",
    )
