"""How far the panels agree with each other: computed only while a person looks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import plotly.graph_objects as go
import streamlit as st

from bcos_core.attribution.agreement import TOP_SHARE, rank_agreement, shared_words, top_agreement
from bcos_core.attribution.record import Attribution
from bcos_core.errors import BcosError
from bcos_core.numbers import percent
from bcos_core.render.matrix import agreement_figure
from pages.compare.screen import Screen
from pages.widgets.chart import chart
from pages.widgets.errors import guard
from pages.widgets.frame import fragment


@fragment()
def agreement(screen: Screen) -> None:
    """Two matrices over the panels: Kendall's τ of the words' scores, and the overlap of the top fifth."""
    opened = st.expander("Do the panels agree?", key="agreement", on_change="rerun", icon=":material/grid_on:")
    if not opened.open:
        return
    with opened, guard():
        records: dict[str, Attribution] = {}
        with st.spinner("Waiting for the panels …"):
            for cell in screen.cells:
                try:
                    record = screen.record(cell)
                except BcosError:  # its panel shows the error
                    continue
                if not record.failed:
                    records[f"{cell.method.title} · {cell.model.name}"] = record
        if len(records) < 2:
            st.markdown("Agreement needs at least two panels.")
            return
        named = dict(zip(records, shared_words(list(records.values())), strict=True))
        share = percent(TOP_SHARE, decimals=0)
        ranks, tops = st.columns(2, gap="medium")
        with ranks:
            chart(_matrix("Do they rank words alike? (Kendall’s τ)", named, rank_agreement), key="rank")
        with tops:
            chart(_matrix(f"Do they share their top {share}? (overlap)", named, top_agreement), key="overlap")
        st.caption(
            "By the words that all of them read, whatever is drawn. High agreement does not mean that both are right: "
            "Evaluate scores each."
        )


def _matrix(
    title: str,
    named: Mapping[str, Sequence[float]],
    compare: Callable[[Sequence[float], Sequence[float]], float],
) -> go.Figure:
    rows = [[compare(one, other) for other in named.values()] for one in named.values()]
    return agreement_figure(title, list(named), rows)
