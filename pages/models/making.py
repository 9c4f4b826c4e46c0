"""How models were made, so that they can be made again; and the curves of two trainings over each other."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from bcos_core.jobs.kinds import command_of
from bcos_core.jobs.store import Job
from bcos_core.model.info import CheckpointInfo
from bcos_core.model.naming import training_name
from bcos_core.render.curves import runs_figures, runs_table
from pages.widgets.chart import chart
from pages.widgets.errors import guard
from pages.widgets.jobs import CHARTS_IN_A_ROW, curves, job_store
from pages.widgets.plain import plain


def show_making(info: CheckpointInfo) -> None:
    """The curves, the command and the recipe of one model, and where it lies."""
    st.header("How was it made?", anchor=False)
    job = _job(info)
    if job is not None:
        curves(job)
        with guard():
            st.code(command_of(job), language="bash", wrap_lines=True)
    for said in info.trained_by.words:
        st.caption(plain(said))
    if info.recipe:
        rows = [{"option": name, "value": str(value)} for name, value in info.recipe.items()]
        with st.expander("Recipe"):
            st.dataframe(rows, hide_index=True, height=320)
    st.caption(plain(f"Folder: {info.path}"))
    if info.content:
        st.caption(plain("Hashes: " + ", ".join(f"{part} {value}" for part, value in info.content.items())))


def show_two_runs(chosen: Sequence[CheckpointInfo]) -> None:
    """The curves of two trainings over each other; nothing where two models are of one training, or of none."""
    runs = {job.id: (training_name(info), job) for info in chosen if (job := _job(info)) is not None}
    if len(runs) != 2:
        return
    st.header("How did the two trainings go?", anchor=False)
    points = {name: job_store().metrics(job.id) for name, job in runs.values()}
    figures = runs_figures(points)
    if not figures:
        st.caption("Neither has curves any more.")
    for begin in range(0, len(figures), CHARTS_IN_A_ROW):
        row = figures[begin : begin + CHARTS_IN_A_ROW]
        for place, (column, figure) in enumerate(zip(st.columns(CHARTS_IN_A_ROW, gap="large"), row, strict=False)):
            with column:
                number = begin + place
                name = f"curves_of_two_trainings_{number + 1}"
                chart(figure, key=f"runs-{number}", name=name, data=lambda: runs_table(points))


def _job(info: CheckpointInfo) -> Job | None:
    """The job that made it, if it was not deleted."""
    return job_store().find(info.job) if info.job else None
