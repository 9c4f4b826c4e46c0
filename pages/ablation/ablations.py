"""The Ablation page below its head: a form, the ablations so far, and what the chosen one has shown."""

from __future__ import annotations

import streamlit as st

from bcos_core.ablation.job import ABLATE
from pages.ablation.form import choose_ablation
from pages.ablation.result import show_result
from pages.widgets.errors import guard
from pages.widgets.jobs import choose_job, jobs_of, show_chosen
from pages.widgets.left_out import left_out_rows


def show_ablations() -> None:
    jobs = jobs_of(ABLATE.name, "ablation")
    left_out_rows(jobs.left_out, ("ablation", "ablations"))
    with st.expander("New ablation", icon=":material/add:", expanded=not jobs), guard():
        choose_ablation()
    if not jobs:
        return
    job = choose_job("Ablation", "ablation", jobs.found)
    show_chosen(job, show_result)
