"""The Ablation page below its head: a form, the ablations so far, and what the chosen one has shown."""

from __future__ import annotations

import streamlit as st

from bcos_core.ablation.job import ABLATE
from bcos_core.jobs.store import JobState
from pages.ablation.form import choose_ablation
from pages.ablation.result import show_result
from pages.widgets.errors import guard
from pages.widgets.jobs import choose_job, follow, job_store, running, stopped, watch
from pages.widgets.left_out import left_out_rows


def show_ablations() -> None:
    jobs = job_store().list(kind=ABLATE.name)
    left_out_rows(jobs.left_out, ("ablation", "ablations"))
    with st.expander("New ablation", icon=":material/add:", expanded=not jobs), guard():
        choose_ablation()
    if not jobs:
        return
    job = choose_job("Ablation", "ablation", jobs.found)
    with guard():
        if job.active:
            watch(job.id, running)
        elif job.state == JobState.SUCCEEDED:
            show_result(job)
        else:
            stopped(job)
    follow()
