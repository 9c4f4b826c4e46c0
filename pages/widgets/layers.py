"""A heatmap's sum by layers, heads and words: made only while it is unfolded."""

from __future__ import annotations

import streamlit as st

from bcos_core.attribution.components import Components, components
from bcos_core.attribution.own import own_method
from bcos_core.attribution.record import Attribution
from bcos_core.model.text_model import TextModel
from bcos_core.numbers import count
from bcos_core.render.components import VIEWS, path_table, summary
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.resources import TURNS
from pages.widgets.turns import turn


def has_layers(model: TextModel, record: Attribution) -> bool:
    """Whether a record is of the model's own sum, which alone can be split so."""
    return not record.failed and record.method == own_method(model).name


def layers(model: TextModel, record: Attribution, *, key: str) -> None:
    """A fold with the matrices and the strongest paths of a record of the model's own sum."""
    opened = st.expander("Layers and heads", icon=":material/stacks:", on_change="rerun", key=f"layers-{key}")
    if not opened.open:
        return
    with opened:
        depth = int(model.model.config.num_hidden_layers)
        with st.spinner(f"Splitting the sum by {count(depth, 'layer')} …", show_time=True):
            found = _components(model.identity, record.to_json(), model, record)
        st.caption(plain(summary(found)))
        shown = st.segmented_control(
            "Shown",
            list(VIEWS),
            default=next(iter(VIEWS)),
            format_func=lambda name: VIEWS[name].title,
            required=True,
            label_visibility="collapsed",
            key=f"layers-view-{key}",
        )
        view = VIEWS[str(shown)]
        chart(
            view.figure(found),
            key=f"layers-{key}-{view.title}",
            name=f"{model.name} {view.title}",
            data=lambda: view.table(found),
        )
        st.caption(view.says)
        st.markdown("**Strongest paths**")
        table = path_table(found)
        st.dataframe(
            table,
            hide_index=True,
            height=38 + 35 * len(table),
            column_config={"share": st.column_config.NumberColumn(format="%+.3g")},
        )


@st.cache_data(max_entries=64, show_spinner=False)
def _components(identity: str, record: str, _model: TextModel, _record: Attribution) -> Components:
    with turn(TURNS):
        return components(_model, _record)
