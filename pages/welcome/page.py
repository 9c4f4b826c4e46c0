"""Welcome: where raters come without the link of an invitation, and researchers before they have logged in."""

from __future__ import annotations

import streamlit as st

from bcos_core.researchers import RESEARCHERS
from pages.server import roles
from pages.server.roles import welcome

welcome()
if roles.identity_provider() and not roles.raters_only():
    if not st.user.is_logged_in:
        if st.button("Log in as a researcher"):
            st.login()
    else:
        st.caption(f"You are logged in, and not on this server's list of researchers ({RESEARCHERS}), where you are:")
        st.code(" ".join(roles.identity() or ("nobody: your provider names no issuer and subject",)), language=None)
        if st.button("Log out"):
            st.logout()
