"""The notice that no supervisor runs, with the button that starts one."""

from __future__ import annotations

import streamlit as st

from bcos_core.jobs.launch import ensure_supervisor
from pages.widgets.errors import guard
from pages.widgets.jobs import job_store


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
        if st.button("Start the supervisor", key="start-supervisor"):
            with guard(), st.spinner("Starting the supervisor …"):
                ensure_supervisor()
                st.rerun()
