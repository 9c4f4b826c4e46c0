"""What the models reached: figures side by side where there is room, one line on a phone."""

from __future__ import annotations

import streamlit as st

from bcos_core.model.info import CheckpointInfo
from pages.widgets.errors import guard
from pages.widgets.jobs import figures_line, figures_of, job_store, result
from pages.widgets.plain import plain


def figures(shown: CheckpointInfo) -> None:
    """Those of the job that made a model, in both forms; the style sheet shows the one that fits the screen."""
    with guard():
        job = job_store().find(shown.job) if shown.job else None
        if job is None or not figures_of(job):
            return
        with st.container(key="figures-wide"):
            result(job)
        with st.container(key="figures-line"):
            line = figures_line(job)
            st.caption(plain(f"{line[:1].upper()}{line[1:]}"))
