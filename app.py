"""The dashboard as a server: `streamlit run app.py`, which `make app` comes to, serves this and nothing else."""

from __future__ import annotations

import streamlit as st

from pages.server.doors import doors
from pages.server.limits import limits
from pages.server.seams import leave_folder_mode
from pages.server.watch import watch

SCRIPT = "pages/navigation.py"

leave_folder_mode()
watch()
app = st.App(SCRIPT, middleware=doors(limits(), script=SCRIPT))
