"""Why the chosen token was written: heatmaps of what stood before it, and what striking words out does."""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.attribution.prompt_shares import prompt_shares
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.strike import StrikeResult
from bcos_core.errors import BcosError
from bcos_core.numbers import probability
from bcos_core.render import drawing
from bcos_core.render.drawing import Span, Style
from bcos_core.render.table import record_table
from pages.generate.question import Cell, Question
from pages.generate.statement import notes_of
from pages.generate.stream import quoted
from pages.generate.strikes import WHY, strike_toolbar, toggle
from pages.generate.taking import export_menu, scale_of
from pages.widgets.copying import copy_button
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.heatmap import heatmap
from pages.widgets.language_models import struck, unsupported
from pages.widgets.layers import has_layers, layers
from pages.widgets.plain import plain
from pages.widgets.struck import struck_spans


@fragment(key=WHY)
def why(question: Question, style: Style) -> None:
    """A click on a word draws this part alone anew."""
    with guard():
        with st.spinner("Explaining the token …"):
            first = question.record(Cell(question.models[0]))
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key="why-tools"):
            strike_toolbar(first.text)
            export_menu(question, style)
        for cells in question.rows():
            for cell, column in zip(cells, st.columns(len(cells), gap="large"), strict=True):
                with column, guard():
                    _panel(question, cell, style)
        _numbers(first, style)
        if has_layers(question.models[0], first):
            layers(question.models[0], first, key="why")


def _panel(question: Question, cell: Cell, style: Style) -> None:
    reason = cell.method and unsupported(cell.method, cell.model)
    if reason:
        st.caption(f"**{plain(cell.shown.title)}** · {plain(reason)}")
        return
    with st.spinner(f"{cell.shown.title} on {cell.model.name} ({cell.shown.cost}) …", show_time=True):
        record = question.record(cell)
    spans = () if record.failed else struck_spans(len(record.text))
    change = _change(cell, record, spans)
    scale = scale_of(record, style)
    blocks = [
        drawing.strike_comparison(record, change) if change else None,
        drawing.completeness_meter(record),
        _shares(question, cell, record) if record.additive and not record.failed else None,
    ]
    heatmap(
        {
            "method": f"Why {record.target.title}" if cell.method is None else cell.method.title,
            "model": f"{cell.model.name}, {cell.shown.title}" if cell.method is None else cell.model.name,
            "prediction": [],
            "failure": record.failure,
            "runs": drawing.drawn_runs(record, style, scale, spans),
            "presentation": style.presentation,
            "legend": drawing.legend(record, style, scale),
            "notes": _notes(question, cell, record),
            "blocks": [block for block in blocks if block],
            "cost": drawing.cost_line(record),
        },
        key=f"why-{cell.key}",
        on_strike=lambda words: toggle(len(record.text), words),
    )


def _change(cell: Cell, record: Attribution, spans: tuple[Span, ...]) -> StrikeResult | None:
    """What striking the words out does; where nothing can take their place that is said, and the heatmap stays."""
    if not spans:
        return None
    try:
        return struck(cell.model, record, spans)
    except BcosError as error:
        if cell.method is None:  # it is the same of every method
            st.warning(plain(str(error)))
        return None


def _notes(question: Question, cell: Cell, record: Attribution) -> list[str]:
    """What a reader must know of this panel; what is true of the model and of the whole prompt is said once, above. Of
    a model that did not write: what it thinks of the token."""
    said = record.prompt.notes if record.prompt is not None else ()
    writer = question.models[0]
    if cell.model is writer:
        return [note for note in said if note not in notes_of(writer, question.step.prefix)]
    if cell.method is not None or record.failed:
        return list(said)
    likeliest = record.labels[record.predicted]
    note = f"It gives {quoted(record.target.label)} the probability {probability(record.probabilities[record.place])}"
    if likeliest != record.target.label:
        note += f"; likeliest is {quoted(likeliest)} ({probability(record.probabilities[record.predicted])})"
    return [f"{note}.", *said]


def _shares(question: Question, cell: Cell, record: Attribution) -> dict[str, Any]:
    special = cell.model.tokenizer.all_special_ids
    parts = prompt_shares(record, special=special, prompt_tokens=question.prompt_tokens)
    return {
        "kind": "shares",
        "title": f"Where the {drawing.quantity(record)} comes from",
        "bars": drawing.signed_bars(parts.items(), signed=True),
        "note": "",
    }


def _numbers(record: Attribution, style: Style) -> None:
    """The first heatmap as a table; made only while it is unfolded."""
    opened = st.expander("Numbers", icon=":material/table:", on_change="rerun", key="why-numbers")
    if not opened.open or record.failed:
        return
    with opened:
        table = record_table(record, style.granularity)
        st.dataframe(
            table,
            hide_index=True,
            placeholder="–",
            height=min(38 + 35 * len(table), 320),
            column_config={"score": st.column_config.NumberColumn(format="%+.3g")},
        )
        copy_button("Copy record", record.to_json(), key="copy-why")
