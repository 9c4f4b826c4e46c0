"""One panel of Compare: a method on a model, drawn as soon as it is computed while the others still compute."""

from __future__ import annotations

import streamlit as st

from bcos_core.numbers import elapsed
from bcos_core.render import drawing
from bcos_core.render.table import record_table
from bcos_core.tasks.registry import TASK_TYPES
from pages.compare.changes import change_of, is_drawn, keep_drawn, one_real_change, scale_name
from pages.compare.export import panel_export
from pages.compare.pins import pin_button
from pages.compare.screen import Cell, Screen
from pages.compare.strikes import PANELS, toggle
from pages.compare.text_box import TextPlace
from pages.widgets import resources, url
from pages.widgets.copying import copy_button
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.heatmap import heatmap, pending
from pages.widgets.layers import has_layers, layers
from pages.widgets.plain import plain
from pages.widgets.struck import struck_spans


@fragment(parallel=True, key=PANELS)
def panel(screen: Screen, cell: Cell, place: TextPlace, label: str | None) -> None:
    """Compute and draw one panel; an error is shown in its place and leaves the other panels alone. `label` is that of
    a test text.

    Until it is there its text stands in its place, so that nothing moves when it comes. A panel that was drawn before
    is drawn over itself: the browser keeps what is focused.
    """
    with guard():
        if said := _missing(screen, cell):
            st.caption(f"**{plain(cell.method.title)}** · {plain(said)}")
            return
        if is_drawn(screen, cell):
            _draw(screen, cell, place)
        else:
            slot = st.empty()
            with slot:
                runs = drawing.pending_runs(screen.text, resources.encoded(cell.model, screen.text).tokens)
                pending(cell.method.title, cell.model.name, runs, screen.style.presentation, screen.cost(cell))
            screen.scale(cell)
            with slot:
                _draw(screen, cell, place)
            keep_drawn(screen, cell)
        if _is_open(cell):
            _numbers(screen, cell, label)


def _missing(screen: Screen, cell: Cell) -> str | None:
    """Why the model cannot answer the question, and what to do; None where it can."""
    missing = screen.missing_class(cell.model)
    if missing is None:
        return None
    kind = TASK_TYPES[cell.model.task_type]
    shared = screen.shared_classes
    way_on = (
        f"All models on the screen have {', '.join(shared)}: explain one of these."
        if shared
        else f"The models on the screen share no {kind.output}: choose models of one task."
        if len(screen.models) > 1
        else f"Explain one of its {kind.outputs}."
    )
    return f"This model has no {kind.output} “{missing}”, only {', '.join(cell.model.labels)}. {way_on}"


def _draw(screen: Screen, cell: Cell, place: TextPlace) -> None:
    record, scale = screen.record(cell), screen.scale(cell)
    spans = () if record.failed else struck_spans(len(screen.text))
    change = change_of(screen, cell, spans)
    blocks = [drawing.strike_comparison(record, change) if change else None, drawing.completeness_meter(record)]
    heatmap(
        {
            "method": cell.method.title,
            "model": cell.model.name,
            "change": drawing.predicted_change(change, apart=not one_real_change(screen, cell.model))
            if change
            else None,
            "scale": scale_name(screen, cell.model),
            "mark": drawing.sum_mark(record),
            "time": elapsed(record.cost.seconds),
            "prediction": drawing.prediction_bars(record),
            "failure": record.failure,
            "runs": drawing.drawn_runs(record, screen.style, scale, spans),
            "presentation": screen.style.presentation,
            "legend": drawing.legend(record, screen.style, scale),
            "notes": [drawing.band_note(record)] if record.seed_scores else [],
            "blocks": [block for block in blocks if block],
            "cost": drawing.cost_line(record),
            "open": _is_open(cell),
        },
        key=f"heatmap-{cell.key}",
        on_strike=lambda words: toggle(place, len(screen.text), words),
        on_fold=lambda open: _fold(cell, open),
    )


def _is_open(cell: Cell) -> bool:
    return cell.key in url.read_all("open")


def _fold(cell: Cell, open: bool) -> None:
    others = [key for key in url.read_all("open") if key != cell.key]
    url.write(open=[*others, cell.key] if open else others or None)


def _numbers(screen: Screen, cell: Cell, label: str | None) -> None:
    """The same numbers as a table, and everything that can be taken away; made only while it is unfolded."""
    record = screen.record(cell)
    table = record_table(record, screen.style.granularity)
    st.dataframe(
        table,
        hide_index=True,
        placeholder="–",
        height=min(38 + 35 * len(table), 280),
        column_config={
            "score": st.column_config.NumberColumn(format="%+.3g"),
            "spread": st.column_config.NumberColumn(
                format="%.3g", help=f"Standard deviation over {len(record.seeds)} seeds."
            ),
        },
    )
    with st.container(horizontal=True, gap="xsmall"):
        panel_export(screen, cell)
        copy_button("Copy record", record.to_json(), key=f"copy-{cell.key}")
        pin_button(screen.text, label, key=f"pin-{cell.key}")
    model = resources.classifier(cell.model)
    if has_layers(model, record):
        layers(model, record, key=cell.key)
