"""Who is signed in, and the way out."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.actor import Actor, Mode
from pages.widgets.plain import plain


def who_is_here(actor: Actor) -> None:
    st.caption(plain(f"{actor.name} · {actor.role.value if actor.role else ''}"))
    if actor.mode == Mode.PROVIDER:
        if st.button("Sign out", type="tertiary"):
            st.logout()
    else:
        st.html('<a href="sign-out">Sign out</a>')
