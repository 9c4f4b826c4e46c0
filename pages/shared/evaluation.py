"""The Evaluate page below its head: a form, the evaluations so far, and the one that was chosen."""

from __future__ import annotations

import streamlit as st

from bcos_core.jobs.store import JobState
from pages.shared import resources
from pages.shared.errors import guard
from pages.shared.evaluation_form import choose_evaluation
from pages.shared.evaluation_view import show_result
from pages.shared.jobs import choose_job, follow, job_store, running, stopped, watch
from pages.shared.left_out import left_out_models, left_out_rows
from pages.shared.page import empty_page


def show_evaluation() -> None:
    known = resources.checkpoints()
    jobs = job_store().list(kind="evaluate")
    left_out_rows(jobs.left_out, ("evaluation", "evaluations"))
    if not known and not jobs:
        empty_page("There is no trained model yet.", "Start on Home", "home.py")
        left_out_models()
        return
    if known:
        with st.expander("New evaluation", icon=":material/add:", expanded=not jobs), guard():
            choose_evaluation(known)
    if not jobs:
        st.info("Choose models and methods above: their leaderboard appears here.")
        return
    chosen = choose_job("Evaluation", "evaluation", jobs.found, clears=("against",))
    with guard():
        if chosen.active:
            watch(chosen.id, running)
        elif chosen.state == JobState.SUCCEEDED:
            show_result(chosen)
        else:
            stopped(chosen)
    follow()
