"""The dashboard as a server: `streamlit run app.py`, which `make app` comes to, serves this and nothing else."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from bcos_core.team import require_loopback
from pages.server.doors import doors
from pages.server.limits import limits
from pages.server.requests import own_prefix
from pages.server.roles import identity_provider, raters_only, team
from pages.server.seams import leave_folder_mode, send_all_that_was_drawn
from pages.server.sign_in import SignInFirst, routes
from pages.server.watch import watch

SCRIPT = "pages/navigation.py"

if not team() and not raters_only():  # however it was started
    require_loopback(st.get_option("server.address") or "")
leave_folder_mode()
send_all_that_was_drawn()
watch()
by_password = team() and not raters_only() and not identity_provider()
app = st.App(
    SCRIPT,
    middleware=[
        *doors(limits(), script=SCRIPT),
        *([Middleware(SignInFirst, prefix=own_prefix())] if by_password else []),
    ],
    routes=routes(own_prefix()) if by_password else (),
)
