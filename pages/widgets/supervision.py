"""The notice that no supervisor runs, with the button that starts one."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.jobs.launch import ensure_supervisor
from pages.server.roles import require_member
from pages.widgets.errors import guard
from pages.widgets.jobs import job_store
from pages.widgets.permission import offer


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
