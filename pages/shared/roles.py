"""Who is at the browser: a researcher, who may do everything, or a rater, who rates and sees nothing else.

On this machine alone everybody is a researcher. With an identity provider (`[auth]` in `.streamlit/secrets.toml`),
those are whose e-mail addresses `BCOS_RESEARCHERS` lists. A server started for raters (`app --raters`) has none.
"""

from __future__ import annotations

import os
from enum import StrEnum

import streamlit as st

from bcos_core.cli.app import RATERS_ONLY
from bcos_core.home import CHECKOUT


class Role(StrEnum):
    RESEARCHER = "researcher"
    RATER = "rater"


def role() -> Role:
    """The role of the session."""
    if os.environ.get(RATERS_ONLY) == "1":
        return Role.RATER
    if not identity_provider():
        return Role.RESEARCHER
    listed = {name.strip().casefold() for name in os.environ.get("BCOS_RESEARCHERS", "").split(",") if name.strip()}
    # An address counts only when the provider says that it is verified, or says nothing about it.
    known = st.user.is_logged_in and st.user.get("email_verified", True)
    return Role.RESEARCHER if known and str(st.user.get("email", "")).casefold() in listed else Role.RATER


def identity_provider() -> bool:
    """Whether people can log in."""
    if not (CHECKOUT / ".streamlit" / "secrets.toml").is_file():
        return False
    return "auth" in st.secrets
