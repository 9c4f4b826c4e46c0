"""The log: filtered by person, action and outcome, page by page, and as a file."""

from __future__ import annotations

from dataclasses import asdict

import pandas as pd
import streamlit as st

from bcos_core.numbers import count
from bcos_core.render.csv_file import csv_file
from bcos_core.storage.audit import Entry, Outcome, entries, people_and_actions
from pages.server.roles import database, later_database

ROWS = 200
_ALL = "All"
_COLUMNS = {
    "at": "When",
    "name": "Who",
    "mode": "Signed in by",
    "action": "What",
    "subject": "Of what",
    "outcome": "Outcome",
    "detail": "Why",
}


def show_log() -> None:
    """The newest rows that fit, older ones on request."""
    st.header("Log", anchor=False)
    names, actions = people_and_actions(database())
    left, middle, right = st.columns(3)
    person = str(left.selectbox("Person", [_ALL, *names], key="log-person"))
    action = str(middle.selectbox("Action", [_ALL, *actions], key="log-action"))
    refused = right.selectbox("Outcome", [_ALL, "Done", "Refused"], key="log-outcome")
    outcome = None if refused == _ALL else Outcome(str(refused).lower())
    who, what = "" if person == _ALL else person, "" if action == _ALL else action
    length = int(st.session_state.get("log-length", ROWS))
    later = later_database()
    found = entries(database(), person=who, action=what, outcome=outcome, limit=length)
    if not found:
        st.caption("Nothing that fits.")
        return
    st.dataframe(_table(found)[list(_COLUMNS)].rename(columns=_COLUMNS), hide_index=True, width="stretch")
    is_cut = len(found) == length
    shown = f"The newest {count(length, 'row')} that fit." if is_cut else f"{count(len(found), 'row')}, all that fit."
    st.caption(f"{shown} Scroll in the table; the file has {'every one' if is_cut else 'the same'}.")
    with st.container(horizontal=True):
        if is_cut and st.button("Show older ones"):
            st.session_state["log-length"] = length + ROWS
            st.rerun()
        st.download_button(
            "Download as CSV",
            lambda: csv_file(_table(entries(later(), person=who, action=what, outcome=outcome))),
            "log.csv",
            "text/csv",
            icon=":material/download:",
            on_click="ignore",
        )


def _table(rows: list[Entry]) -> pd.DataFrame:
    return pd.DataFrame([asdict(entry) for entry in rows])
