"""Welcome: where raters come without the link of an invitation."""

from __future__ import annotations

import streamlit as st

from pages.shared.roles import identity_provider

st.header("Welcome", anchor=False)
st.markdown("Open the link of your invitation to take part in a study.")
if identity_provider() and not st.user.is_logged_in and st.button("Log in as a researcher"):
    st.login()
