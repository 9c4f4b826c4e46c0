"""Welcome: where raters come without the link of an invitation, and members before they have signed in."""

from __future__ import annotations

import streamlit as st

from pages.server import roles
from pages.server.roles import welcome

welcome()
if roles.team() and not roles.raters_only():
    if roles.was_member():
        st.info("You are not signed in any more. Your last step was not done; what was saved before is kept.")
    if not roles.identity_provider():
        # Of a page that was open the address leads to the form and back, as the browser has it when the link is
        # followed: with what was typed last, of which this run had not heard when it was asked for.
        way_in = "" if roles.was_member() else "sign-in"
        st.html(f'<a href="{way_in}">Sign in to the dashboard</a>')
    elif not st.user.is_logged_in:
        if st.button("Sign in to the dashboard"):
            st.login()
    else:
        known = roles.account()
        if known is None:
            st.caption("You are signed in, and have no account here. An admin can make one for these two words:")
            nobody = ("nobody: your provider names no issuer and subject",)
            st.code(" ".join(roles.identity() or nobody), language=None)
        elif known.disabled_at is not None:
            st.caption("Your account is disabled. Ask an admin of this dashboard.")
        else:
            st.caption("You were signed out everywhere. Sign out here, too, then sign in again.")
        if st.button("Sign out"):
            st.logout()
