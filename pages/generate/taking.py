"""The explanation of a token to take away: the heatmaps that are on the screen, as on Compare."""

from __future__ import annotations

import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.attribution.registry import METHODS
from bcos_core.errors import BcosError
from bcos_core.render.drawing import Style
from bcos_core.render.file_name import file_name
from bcos_core.render.pieces import unit_scores
from bcos_core.render.scale import Scale, own_scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow
from pages.generate.question import Cell, Question
from pages.widgets.errors import guard
from pages.widgets.language_models import struck, unsupported
from pages.widgets.struck import Span, struck_spans
from pages.widgets.take_away import take_away

_TOKENS = 4  # of the text, in a file's name


def export_menu(question: Question, style: Style) -> None:
    """Made only while the menu is open, from records that are there."""
    menu = st.popover("Export", icon=":material/download:", on_change="rerun", key="export")
    if not menu.open:
        return
    with menu, guard():
        with st.spinner("Collecting the heatmaps …"):
            sheet = sheet_of_question(question, style)
        if sheet is None:
            st.markdown("No heatmap could be computed.")
            return
        begin = " ".join(sheet.record.text.split()[:_TOKENS])
        take_away([sheet], file_name(question.models[0].name, sheet.record.target.title, begin), "export")
        st.caption("`python -m bcos_core rerun` computes saved records again and says whether they match.")


def export_part(record: Attribution, model: str, style: Style) -> None:
    """The same of a part of an answer: its one heatmap, as a record that `rerun` checks."""
    menu = st.popover("Export", icon=":material/download:", on_change="rerun", key="export-part")
    if not menu.open:
        return
    with menu, guard():
        panel = Panel(record, scale_of(record, style), None)
        sheet = Sheet((model,), (SheetRow(METHODS[record.method].title, (panel,)),), style, ())
        take_away([sheet], file_name(model, record.target.title), "export-part")
        st.caption("`python -m bcos_core rerun` computes the saved record again and says whether it matches.")


def sheet_of_question(question: Question, style: Style) -> Sheet | None:
    """What is on the screen; None where no panel could be computed."""
    rows = [
        SheetRow(cells[0].shown.title, tuple(_panel(question, cell, style) for cell in cells))
        for cells in question.rows()
    ]
    shown = tuple(row for row in rows if any(isinstance(cell, Panel) for cell in row.cells))
    if not shown:
        return None
    text = next(cell for row in shown for cell in row.cells if isinstance(cell, Panel)).record.text
    return Sheet(tuple(model.name for model in question.models), shown, style, struck_spans(len(text)))


def scale_of(record: Attribution, style: Style) -> Scale:
    """Each heatmap by itself: full colour is its largest value."""
    return own_scale(() if record.failed else unit_scores(record, style.granularity))


def _panel(question: Question, cell: Cell, style: Style) -> Panel | str:
    reason = cell.method and unsupported(cell.method, cell.model)
    if reason:
        return reason
    try:
        record = question.record(cell)
        spans: tuple[Span, ...] = () if record.failed else struck_spans(len(record.text))
        return Panel(record, scale_of(record, style), struck(cell.model, record, spans) if spans else None)
    except BcosError as error:  # what its panel shows
        return str(error)
