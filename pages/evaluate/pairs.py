"""Minimal pairs on Evaluate: a form, the runs so far, and the one that was chosen."""

from __future__ import annotations

import streamlit as st

from bcos_core.minimal_pairs.job import MINIMAL_PAIRS
from pages.evaluate.pairs_form import choose_pairs
from pages.evaluate.pairs_result import show_result
from pages.widgets.errors import guard
from pages.widgets.jobs import choose_job, jobs_of, show_chosen
from pages.widgets.language_models import language_models
from pages.widgets.left_out import left_out_rows
from pages.widgets.plain import plain

ABOUT = (
    "Of a language model the truth can be known: after “The keys to the old cabinet” comes “are”, not “is”, and “keys” "
    "decides it. Does the model prefer the right word, and does a method point at the word that decides?"
)


def show_pairs() -> None:
    jobs = jobs_of(MINIMAL_PAIRS.name, MINIMAL_PAIRS.parameter)
    st.markdown(plain(ABOUT))
    left_out_rows(jobs.left_out, ("run of minimal pairs", "runs of minimal pairs"))
    with st.expander("New run", icon=":material/add:", expanded=not jobs), guard():
        known, left_out = language_models()
        choose_pairs(known)
        left_out_rows(left_out, ("folder", "folders"))
    if not jobs:
        st.info("Ask a model above: which word it prefers and which methods find why appears here.")
        return
    chosen = choose_job(
        "Minimal pairs", MINIMAL_PAIRS.parameter, jobs.found, clears=("against", "measure", "of", "pair")
    )
    show_chosen(chosen, show_result)
