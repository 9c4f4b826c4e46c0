"""The Reproduce page below its head: what can be measured again, the runs so far, and the tables of the chosen one."""

from __future__ import annotations

from functools import partial

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.home import get_home
from bcos_core.jobs.store import Job
from bcos_core.numbers import count
from bcos_core.render.file_name import file_name
from bcos_core.reproduce.job import REPRODUCE
from bcos_core.reproduce.report import Report, load_report
from bcos_core.reproduce.scale import SCALES
from bcos_core.reproduce.spec import TITLES, ReproduceSpec
from bcos_core.reproduce.written import FORMATS, group_table, made, missing
from pages.reproduce.changed import show_changes
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.jobs import choose_job, job_store, jobs_of, show_chosen, time_needed
from pages.widgets.left_out import left_out_rows
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import before_a_start

_MIME = {"md": "text/markdown", "csv": "text/csv", "html": "text/html", "json": "application/json"}
_TITLES = {"md": "Markdown", "csv": "CSV", "html": "HTML page", "json": "JSON"}


def show_runs() -> None:
    jobs = jobs_of(REPRODUCE.name, "reproduction")
    left_out_rows(jobs.left_out, ("run", "runs"))
    with st.expander("New run", icon=":material/add:", expanded=not jobs), guard():
        _form()
    if not jobs:
        return
    job = choose_job("Run", "reproduction", jobs.found, clears=("group", "against"))
    show_chosen(job, _result)


def _form() -> None:
    what = str(
        st.segmented_control(
            "Figures",
            list(TITLES),
            format_func=TITLES.__getitem__,
            required=True,
            **url.bound("what", next(iter(TITLES)), parse=url.one_of(TITLES)),
        )
    )
    scale = str(
        st.segmented_control(
            "Size",
            list(SCALES),
            format_func=lambda name: SCALES[name].title,
            required=True,
            **url.bound("scale", "quick", parse=url.one_of(SCALES)),
        )
    )
    st.caption(plain(SCALES[scale].description))
    spec = ReproduceSpec.of(what, scale)
    st.caption(plain(f"What was trained or measured before is not done again. {time_needed(REPRODUCE, spec)}".strip()))
    before_a_start()
    about = "Trains and scores all models of these figures."
    if offer(st.button, "Measure again", Action.SUBMIT_JOB, type="primary", help=about):
        job, _ = REPRODUCE.submit(job_store(), spec)
        url.write(reproduction=job.id)
        st.rerun()


def _result(job: Job) -> None:
    report = load_report(get_home().reproductions / job.id)
    groups = report.groups
    st.header("What came out", anchor=False)
    group = str(st.selectbox("Table", groups, **url.bound("group", groups[0], parse=url.one_of(groups))))
    st.dataframe(group_table(report, group), hide_index=True)
    st.caption("In brackets: 95 % intervals. A figure without one was measured once, or is the largest of several.")
    _files(report)
    if report.left_out:
        with st.expander(missing(report), icon=":material/info:"):
            for one in report.left_out:
                st.caption(plain(one.sentence))
    with st.expander("How these figures came about", icon=":material/info:"):
        for sentence in (*report.protocol, *made(report)):
            st.caption(plain(sentence))
    show_changes(report)


def _files(report: Report) -> None:
    """All tables, to take away."""
    with st.popover(f"All {count(len(report.figures), 'figure')}", icon=":material/download:", type="tertiary"):
        for ending, title in _TITLES.items():
            st.download_button(
                title,
                partial(FORMATS[ending], report),
                f"{file_name('figures', report.what, report.scale, report.name)}.{ending}",
                _MIME[ending],
                key=f"figures-{ending}",
                type="tertiary",
                icon=":material/download:",
                on_click="ignore",
            )
