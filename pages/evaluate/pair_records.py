"""A minimal pair to take away: its heatmaps as records, explained once more as the run has explained them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from bcos_core.attribution.record import Attribution, Target
from bcos_core.errors import BcosError, InputError
from bcos_core.minimal_pairs.folders import LanguageFolder
from bcos_core.minimal_pairs.questions import Question
from bcos_core.minimal_pairs.settled import Settled
from bcos_core.render.drawing import Style
from bcos_core.render.file_name import file_name
from bcos_core.render.palette import PALETTES
from bcos_core.render.pieces import unit_scores
from bcos_core.render.scale import own_scale
from bcos_core.render.sheet import Panel, Sheet, SheetRow
from pages.widgets.errors import guard
from pages.widgets.language_models import is_called, language_model
from pages.widgets.resources import TURNS
from pages.widgets.take_away import take_away
from pages.widgets.turns import turn

_STYLE = Style(PALETTES["blue-orange"], "token")
_TOKENS = 4  # of the text, in a file's name


@dataclass(frozen=True)
class AskedPair:
    """A pair as one model was asked about it: `name` is what the model is called, `identity` that of its files."""

    name: str
    folder: LanguageFolder
    identity: str
    question: Question
    methods: tuple[Settled, ...]


def export_menu(asked: Sequence[AskedPair]) -> None:
    """Made only while the menu is open."""
    menu = st.popover("Export this pair", icon=":material/download:", on_change="rerun", key="export-pair")
    if not menu.open:
        return
    with menu, guard():
        rows = _rows(asked)
        if not any(isinstance(cell, Panel) for row in rows for cell in row.cells):
            st.markdown("No heatmap could be computed.")
            return
        sheet = Sheet(tuple(model.name for model in asked), rows, _STYLE)
        begin = " ".join(sheet.record.text.split()[:_TOKENS])
        take_away([sheet], file_name(asked[0].name, sheet.record.target.title, begin), "export-pair")
        st.caption("`python -m bcos_core rerun` computes saved records again and says whether they match.")


def _rows(asked: Sequence[AskedPair]) -> tuple[SheetRow, ...]:
    """A row for each method, a cell for each model."""
    titles = dict.fromkeys(one.method.title for model in asked for one in model.methods)
    return tuple(SheetRow(title, tuple(_cell(model, title) for model in asked)) for title in titles)


def _cell(model: AskedPair, title: str) -> Panel | str:
    method = next((one for one in model.methods if one.method.title == title), None)
    if method is None:
        return f"{title} was not asked about {model.name}."
    try:
        with st.spinner(f"{title} on {model.name} ({method.method.cost}) …", show_time=True):
            record = _record(model.identity, method.subject, model.question.item, model, method)
    except BcosError as error:
        return str(error)
    return Panel(record, own_scale(() if record.failed else unit_scores(record, _STYLE.granularity)), None)


@st.cache_data(max_entries=64, show_spinner=False)
def _record(identity: str, subject: str, item: str, _model: AskedPair, _method: Settled) -> Attribution:
    question = _model.question
    target = Target(question.good, question.pair.good, question.bad, question.pair.bad)
    name = _model.folder.name
    if not is_called(name, _model.folder.path):
        raise InputError(
            f"The model {name} that was asked lies elsewhere; of that name there is another one among the models here. "
            "Copy it there under a name of its own, and ask it again."
        )
    loaded = language_model(name)
    with turn(TURNS):
        (record,) = _method.explainer(loaded)([question.prompt], target)
    return record
