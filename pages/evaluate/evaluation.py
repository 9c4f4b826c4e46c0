"""The Evaluate page below its head: a form, the evaluations so far, and the one that was chosen."""

from __future__ import annotations

import streamlit as st

from bcos_core.evaluate.job import EVALUATE
from pages.evaluate.form import choose_evaluation
from pages.evaluate.result import show_result
from pages.widgets import resources
from pages.widgets.errors import guard
from pages.widgets.frame import empty_page
from pages.widgets.jobs import choose_job, jobs_of, show_chosen
from pages.widgets.left_out import left_out_models, left_out_rows


def show_evaluation() -> None:
    known = resources.checkpoints()
    jobs = jobs_of(EVALUATE.name, "evaluation")
    left_out_rows(jobs.left_out, ("evaluation", "evaluations"))
    if not known and not jobs:
        empty_page("There is no trained model yet.", "Start on Home", "home/page.py")
        left_out_models()
        return
    if known:
        with st.expander("New evaluation", icon=":material/add:", expanded=not jobs), guard():
            choose_evaluation(known)
    if not jobs:
        st.info("Choose models and methods above: their leaderboard appears here.")
        return
    chosen = choose_job("Evaluation", "evaluation", jobs.found, clears=("against",))
    show_chosen(chosen, show_result)
