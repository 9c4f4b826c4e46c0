"""The Batch page below its head: a form, the batches so far, and the chosen one as a table."""

from __future__ import annotations

import streamlit as st

from bcos_core.batch.job import BATCH
from bcos_core.home import get_home
from bcos_core.model.info import list_language_models
from pages.batch.form import choose_batch
from pages.batch.result import show_result
from pages.widgets import resources
from pages.widgets.errors import guard
from pages.widgets.frame import empty_page
from pages.widgets.jobs import choose_job, jobs_of, show_chosen
from pages.widgets.left_out import left_out_models, left_out_rows


def show_batches() -> None:
    known = {**resources.checkpoints(), **{one.path.name: one for one in list_language_models(get_home())}}
    jobs = jobs_of(BATCH.name, "batch")
    left_out_rows(jobs.left_out, ("batch", "batches"))
    if not known and not jobs:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
        left_out_models()
        return
    if known:
        with st.expander("New batch", icon=":material/add:", expanded=not jobs), guard():
            choose_batch(known)
    if not jobs:
        return
    job = choose_job("Batch", "batch", jobs.found, clears=("page", "search", "given", "rows", "order"))
    show_chosen(job, show_result)
