"""One panel of Compare: a method on a model, drawn as soon as it is computed while the others still compute."""

from __future__ import annotations

import streamlit as st

from bcos_core.attribution.record import Attribution
from bcos_core.render import drawing
from bcos_core.render.csv_file import csv_file
from bcos_core.render.html import Panel, panels_html
from bcos_core.render.scale import Scale
from bcos_core.render.table import record_table
from bcos_core.tasks.registry import TASK_TYPES
from pages.compare.copying import copy_button
from pages.compare.export import file_name
from pages.compare.screen import Cell, Screen
from pages.compare.strikes import PANELS, toggle
from pages.widgets import resources
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.heatmap import heatmap
from pages.widgets.plain import plain
from pages.widgets.struck import struck_spans


@fragment(parallel=True, key=PANELS)
def panel(screen: Screen, cell: Cell) -> None:
    """Compute and draw one panel; an error is shown in its place and leaves the other panels alone."""
    with st.container(border=True), guard():
        if missing := screen.missing_class(cell.model):
            st.markdown(f"**{plain(cell.method.title)}** · {plain(cell.model.name)}")
            known, output = ", ".join(cell.model.labels), TASK_TYPES[cell.model.task_type].output
            st.caption(plain(f"This model has no {output} “{missing}”, only {known}. Choose one that all share."))
            return
        with st.spinner(f"{cell.method.title} ({screen.cost(cell)}) …", show_time=True):
            record = screen.record(cell)
            scale = screen.scale(cell)
            spans = () if record.failed else struck_spans(len(screen.text))
            blocks = [block for block in (drawing.completeness_meter(record), _strike(cell, record, spans)) if block]
        note = drawing.truncation_note(record)
        heatmap(
            {
                "method": cell.method.title,
                "model": cell.model.name,
                "prediction": drawing.prediction_bars(record),
                "failure": record.failure,
                "runs": drawing.drawn_runs(record, screen.style, scale, spans),
                "presentation": screen.style.presentation,
                "legend": drawing.legend(record, screen.style, scale),
                "notes": [note] if note else [],
                "blocks": blocks,
                "cost": drawing.cost_line(record),
            },
            key=f"heatmap-{cell.key}",
            on_strike=lambda start, end: toggle(len(screen.text), start, end),
        )
        _numbers(screen, cell, record, scale)


def _strike(cell: Cell, record: Attribution, spans: tuple[tuple[int, int], ...]) -> dict[str, object] | None:
    if not spans:
        return None
    result = resources.struck(cell.model, record, spans)
    return drawing.strike_comparison(
        record,
        predicted=result.predicted_change,
        actual=result.actual_change,
        logit=result.logit,
        probabilities=result.probabilities,
    )


def _numbers(screen: Screen, cell: Cell, record: Attribution, scale: Scale) -> None:
    """The same numbers as a table, and everything that can be taken away; made only while it is open."""
    granularity = screen.style.granularity
    opened = st.expander("Numbers and export", key=f"numbers-{cell.key}", type="compact", on_change="rerun")
    if not opened.open:
        return
    with opened:
        table = record_table(record, granularity)
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
        name = file_name(record, record.model, record.method)
        with st.container(horizontal=True):
            _download("CSV", csv_file(table), f"{name}_{granularity}s.csv", "text/csv", cell)
            _download("JSON record", record.to_json(), f"{name}.json", "application/json", cell)
            page = panels_html([Panel(record, scale)], granularity=granularity, palette=screen.style.palette)
            _download("HTML page", page, f"{name}.html", "text/html", cell)
            copy_button("Copy record", record.to_json(), key=f"copy-{cell.key}")


def _download(label: str, data: str | bytes, name: str, mime: str, cell: Cell) -> None:
    key = f"{label}-{cell.key}"
    st.download_button(label, data, name, mime, key, type="tertiary", icon=":material/download:", on_click="ignore")
