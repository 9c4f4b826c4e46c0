"""Two models held against each other: what they answer alike, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from bcos_core.evaluate.audit import Audit, ModelAudit
from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.evaluate.audit_run import known_audit, task_of
from bcos_core.evaluate.audit_words import audit_sentences, temperature_in_words
from bcos_core.evaluate.figures import few_texts, interval_in_words, known_figure
from bcos_core.home import get_home
from bcos_core.model.identity import checkpoint_and_data
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count, number
from bcos_core.render.audit import confusion_figure, differences_table, outputs_table, reliability_figure
from bcos_core.render.csv_file import csv_file
from bcos_core.tasks.registry import TASK_TYPES
from pages.widgets import resources
from pages.widgets.chart import chart
from pages.widgets.plain import plain
from pages.widgets.request import Request, follow_active, follow_request

_IN_A_ROW = 3
SHOWN = 200


def _metrics(models: Sequence[CheckpointInfo]) -> None:
    """The figures of models on the test set, as training left them."""
    models = [model for model in models if model.metrics]
    if not models:
        return
    for column, model in zip(st.columns(len(models), gap="large"), models, strict=True):
        with column.container(border=True):
            st.markdown(f"**{plain(model.name)}**")
            for metric in TASK_TYPES[model.task_type].metrics:
                if (value := model.metrics.get(metric.name)) is not None:
                    st.metric(metric.title, metric.written(value))
                    estimate = known_figure(metric, value, model.test_size, model.intervals.get(metric.name))
                    if estimate.has_interval:
                        st.caption(interval_in_words(estimate, metric.written))
            st.caption(count(model.test_size or 0, "test text"))
    _few(min((model.test_size or 0 for model in models), default=0))


def _few(texts: int) -> None:
    """A warning where intervals are wide because the test texts are few."""
    if said := few_texts(texts):
        st.warning(plain(said), icon=":material/warning:")


def show_audit(chosen: Sequence[CheckpointInfo], pair: Sequence[CheckpointInfo]) -> None:
    """What the two models of a `pair` do alike, a B-cos one first: at once if both models' answers are known, else
    after a job; without a pair, the figures of those `chosen`."""
    converted = len(pair) == 2 and pair[0].twin == pair[1].path.name
    st.header("What has the conversion changed?" if converted or not pair else "What do they do alike?", anchor=False)
    if not pair:
        _metrics(chosen)
        st.info(
            "This model has no twin here. Train with “conventional twin” on, and the two are compared in this place; "
            "or choose a second model of the same task in the table."
        )
        return
    first, second = pair
    if first.task is None or first.task != second.task:
        _metrics(pair)
        st.info("These two were not trained on the same task, so that their answers cannot be held against each other.")
        return
    request = Request(AUDIT, AuditSpec.of(first, second))
    audit = _known(first, second)
    if audit is not None:
        follow_active(request)
        _figures(audit, first, second)
        return
    _metrics(pair)
    what = "Both models answer every validation and test text once; then this page knows what they do alike."
    follow_request(request, f"{what} “Audit” above starts it.")


@st.cache_resource(max_entries=16, show_spinner="Reading what is known …")
def _cached(first: list[str], second: list[str]) -> Audit:
    found = _look(first[0], second[0])
    if found is None:
        raise LookupError
    return found


def _known(first: CheckpointInfo, second: CheckpointInfo) -> Audit | None:
    """The audit, remembered once it is complete; its models are called as they are called now."""
    try:
        audit = _cached(_content(first), _content(second))
    except LookupError:
        return None
    models = [replace(model, name=info.name) for model, info in zip(audit.models, (first, second), strict=True)]
    return replace(audit, models=(models[0], models[1]))


def _look(first: str, second: str) -> Audit | None:
    infos = {str(info.path): info for info in resources.checkpoints().values()}
    return known_audit(infos[first], infos[second], home=get_home(), load_data=resources.task_data)


def _figures(audit: Audit, first: CheckpointInfo, second: CheckpointInfo) -> None:
    for column, model in zip(st.columns(2, gap="large"), audit.models, strict=True):
        with column.container(border=True):
            _model(model, audit)
    st.markdown(plain(" ".join(audit_sentences(audit))))
    _few(audit.gap.n)
    charts = _charts(_content(first), _content(second), [model.name for model in audit.models], audit)
    if charts:
        for kind, figures in charts.items():
            for column, model, figure in zip(st.columns(2, gap="large"), audit.models, figures, strict=True):
                with column:
                    chart(figure, key=f"{kind}-{model.name}", name=f"{kind}_{model.name}")
    elif audit.outputs:
        st.subheader(f"{audit.kind.output.capitalize()} by {audit.kind.output}", anchor=False)
        st.dataframe(outputs_table(audit).style.format(precision=3), hide_index=True)
    _differences(audit, first, second)


@st.cache_resource(max_entries=16, show_spinner=False)
def _charts(first: list[str], second: list[str], names: list[str], _audit: Audit) -> dict[str, list[go.Figure]]:
    """The charts of both models by kind, drawn once for as long as files, data and names stay as they are."""
    choices = [(model.name, model.choice) for model in _audit.models if model.choice is not None]
    if not choices:
        return {}
    return {
        "confusion": [confusion_figure(name, choice, _audit.labels) for name, choice in choices],
        "reliability": [reliability_figure(name, choice) for name, choice in choices],
    }


def _content(info: CheckpointInfo) -> list[str]:
    return [str(info.path), *checkpoint_and_data(info)]


def _model(model: ModelAudit, audit: Audit) -> None:
    st.markdown(f"**{plain(model.name)}**")
    figures = []
    for metric in audit.kind.metrics:
        if (one := model.metrics.get(metric.name)) is not None:
            figures.append((metric.title, metric.written(one.mean), interval_in_words(one, metric.written)))
    if (choice := model.choice) is not None:
        rescaled = f"{number(choice.rescaled.brier)} at {temperature_in_words(choice.temperature)}"
        figures.append(("Brier score", number(choice.reliability.brier), rescaled))
    for start in range(0, len(figures), _IN_A_ROW):
        for column, (title, value, note) in zip(
            st.columns(_IN_A_ROW), figures[start : start + _IN_A_ROW], strict=False
        ):
            column.metric(title, value)
            column.caption(note)


def _differences(audit: Audit, first: CheckpointInfo, second: CheckpointInfo) -> None:
    st.subheader(f"{count(len(audit.differences), 'example')} with different answers", anchor=False)
    if not audit.differences:
        return
    test = task_of(first, second, resources.task_data).test
    table = differences_table(audit, test)
    shown = table.head(SHOWN)
    apart = audit.kind.apart.title.lower()
    st.caption(f"In the order of the last column, “{apart}”. Choose a row to see in Compare why the two models differ.")
    event = st.dataframe(
        shown,
        hide_index=True,
        height=320,
        on_select="rerun",
        selection_mode="single-row",
        key="differences",
        column_config={apart: st.column_config.NumberColumn(format="%.2f")},
    )
    rows = event.selection.rows
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Open in Compare", disabled=not rows, help="Choose a row first." if not rows else None):
            index = audit.differences[rows[0]].index
            pair = [first.path.name, second.path.name]
            st.switch_page("compare/page.py", query_params={"model": pair, "example": str(index)})
        st.download_button(
            "Download all",
            lambda: csv_file(table),
            f"differences_{first.path.name}.csv",
            "text/csv",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
        )
        if len(table) > len(shown):
            st.caption(f"The first {SHOWN} are shown.")
