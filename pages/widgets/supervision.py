"""What keeps a job from running: that no supervisor runs, with the button that starts one, and a bound on jobs."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.jobs.launch import ensure_supervisor
from pages.server.roles import may_do, require_member
from pages.widgets.errors import guard
from pages.widgets.jobs import job_store
from pages.widgets.permission import offer
from pages.widgets.plain import plain


def supervisor_notice() -> None:
    """Nothing while a supervisor runs."""
    if job_store().supervisor_alive():
        return
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            "**Jobs are paused.** The supervisor, the process that runs them, is not running. Waiting jobs go on "
            "when it starts.",
            width="content",
        )
        if offer(st.button, "Start the supervisor", Action.SUBMIT_JOB, key="start-supervisor"):
            with guard(), st.spinner("Starting the supervisor …"):
                require_member(Action.SUBMIT_JOB)
                ensure_supervisor()
                st.rerun()


def before_a_start() -> None:
    """Beside a button that asks for a job: whether it would run, and whether it would be taken at all. The button stays
    on: by the time that it is pressed there may be room."""
    supervisor_notice()
    if may_do(Action.SUBMIT_JOB) and (lack := job_store().lack_of_place()):
        st.caption(f":material/hourglass: {plain(lack)}")
