"""The Models page below its head: one checkpoint, how it was made, and the audit of its conversion."""

from __future__ import annotations

import streamlit as st

from bcos_core.evaluate.audit import Audit, ModelAudit
from bcos_core.evaluate.audit_job import AUDIT, AuditSpec
from bcos_core.evaluate.audit_run import known_audit, task_of
from bcos_core.evaluate.audit_words import audit_sentences
from bcos_core.evaluate.figures import interval_in_words, known_figure
from bcos_core.home import get_home
from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import Job
from bcos_core.model.identity import checkpoint_and_data, checkpoint_notes
from bcos_core.model.info import CheckpointInfo
from bcos_core.numbers import count, number
from bcos_core.render.audit import confusion_figure, differences_table, outputs_table, reliability_figure
from bcos_core.render.csv_file import csv_file
from bcos_core.tasks.registry import TASK_TYPES
from pages.models.families import show_families
from pages.models.words import words_of
from pages.widgets import resources, url
from pages.widgets.chart import chart
from pages.widgets.errors import guard
from pages.widgets.frame import empty_page
from pages.widgets.jobs import curves, job_store
from pages.widgets.left_out import left_out_models
from pages.widgets.plain import plain
from pages.widgets.request import Request, ask
from pages.widgets.supervision import supervisor_notice

_IN_A_ROW = 3
SHOWN = 200


def show_models() -> None:
    known = resources.checkpoints()
    if not known:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
        left_out_models()
        show_families()
        return
    chosen = str(
        st.selectbox(
            "Model",
            list(known),
            format_func=lambda name: known[name].name,
            **url.bound("model", resources.newest_pair(known)[0], parse=url.one_of(known)),
        )
    )
    info = known[chosen]
    _facts(info)
    with guard():
        for note in checkpoint_notes(info):
            st.warning(plain(note), icon=":material/warning:")
    supervisor_notice()
    with guard():
        _audit(info, known)
    with guard():
        words_of(info)
    with guard():
        _making(info)
    left_out_models()
    show_families()


def _facts(info: CheckpointInfo) -> None:
    kind = f"B-cos, B = {info.b:g}" if info.b is not None else "conventional"
    length = f"trained and measured on texts up to {info.max_length} tokens"
    parts = [kind, info.family, f"{TASK_TYPES[info.task_type].outputs} {', '.join(info.labels)}", length]
    if info.created_at:
        parts.append(f"made {info.created_at[:10]}")
    st.markdown(f":gray[{plain(' · '.join(parts))}]")
    with st.container(horizontal=True):
        pair = [info.path.name, *([info.twin] if info.twin else [])]
        if st.button("Compare", icon=":material/compare:"):
            st.switch_page("compare/page.py", query_params={"model": pair})
        if st.button("Evaluate", icon=":material/leaderboard:"):
            st.switch_page("evaluate/page.py", query_params={"model": pair})


def _metrics(info: CheckpointInfo, known: dict[str, CheckpointInfo]) -> None:
    """The figures of a model and of its twin on the test set, as training left them."""
    models = [model for model in (info, known.get(info.twin or "")) if model is not None and model.metrics]
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


def _audit(info: CheckpointInfo, known: dict[str, CheckpointInfo]) -> None:
    """The comparison with the twin: at once if both models' answers are known, else after a job."""
    st.header("What has the conversion changed?", anchor=False)
    if info.twin is None or info.twin not in known:
        _metrics(info, known)
        st.info(
            "This model has no twin here. Train with “conventional twin” on, and the two are compared in this place."
        )
        return
    first, second = (info, known[info.twin]) if info.kind == "bcos" else (known[info.twin], info)
    audit = _known(str(first.path), checkpoint_and_data(first), str(second.path), checkpoint_and_data(second))
    if audit is not None:
        _figures(audit, first, second)
        return
    _metrics(info, known)
    request = Request(AUDIT, AuditSpec.of(first, second))
    what = "Both models answer every validation and test text once; then this page knows what they do alike."
    ask(request, what, "Run the audit", primary=True)


@st.cache_resource(max_entries=16, show_spinner="Reading what is known …")
def _cached(first: str, first_content: list[str], second: str, second_content: list[str]) -> Audit:
    found = _look(first, second)
    if found is None:
        raise LookupError
    return found


def _known(first: str, first_content: list[str], second: str, second_content: list[str]) -> Audit | None:
    """The audit, remembered once it is complete."""
    try:
        return _cached(first, first_content, second, second_content)
    except LookupError:
        return None


def _look(first: str, second: str) -> Audit | None:
    infos = {str(info.path): info for info in resources.checkpoints().values()}
    return known_audit(infos[first], infos[second], home=get_home(), load_data=resources.task_data)


def _figures(audit: Audit, first: CheckpointInfo, second: CheckpointInfo) -> None:
    for column, model in zip(st.columns(2, gap="large"), audit.models, strict=True):
        with column.container(border=True):
            _model(model, audit)
    st.markdown(plain(" ".join(audit_sentences(audit))))
    choices = [(model.name, model.choice) for model in audit.models if model.choice is not None]
    if choices:
        for column, (name, choice) in zip(st.columns(2, gap="large"), choices, strict=True):
            with column:
                chart(confusion_figure(name, choice, audit.labels), key=f"confusion-{name}", name=f"confusion_{name}")
        for column, (name, choice) in zip(st.columns(2, gap="large"), choices, strict=True):
            with column:
                chart(reliability_figure(name, choice), key=f"reliability-{name}", name=f"reliability_{name}")
    elif audit.outputs:
        st.subheader(f"{audit.kind.output.capitalize()} by {audit.kind.output}", anchor=False)
        st.dataframe(outputs_table(audit).style.format(precision=3), hide_index=True)
    _differences(audit, first, second)


def _model(model: ModelAudit, audit: Audit) -> None:
    st.markdown(f"**{plain(model.name)}**")
    figures = []
    for metric in audit.kind.metrics:
        if (one := model.metrics.get(metric.name)) is not None:
            figures.append((metric.title, metric.written(one.mean), interval_in_words(one, metric.written)))
    if (choice := model.choice) is not None:
        rescaled = f"{number(choice.rescaled.brier)} at temperature {number(choice.temperature)}"
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


def _making(info: CheckpointInfo) -> None:
    """How it was made, so that it can be made again."""
    st.header("How was it made?", anchor=False)
    job = _job(info)
    if job is not None:
        curves(job)
        with guard():
            st.code(command_of(job), language="bash", wrap_lines=True)
    if info.recipe:
        rows = [{"option": name, "value": str(value)} for name, value in info.recipe.items()]
        with st.expander("Recipe"):
            st.dataframe(rows, hide_index=True, height=320)
    st.caption(plain(f"Folder: {info.path}"))


def _job(info: CheckpointInfo) -> Job | None:
    """The job that made it, if it was not deleted."""
    return job_store().find(info.job) if info.job else None
