"""Who is at the browser: a researcher, who may do everything, or a rater, who rates and sees nothing else.

On this machine alone everybody is a researcher. With an identity provider (`[auth]` in `.streamlit/secrets.toml`),
those are whom `BCOS_RESEARCHERS` lists, each by issuer and subject: the two claims that together are one person for
good. An e-mail address is not: it is given to the next person, and another issuer may say it of anybody. A server
started for raters (`app --raters`) has no researchers.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

import streamlit as st

from bcos_core.researchers import RATERS_ONLY, RESEARCHERS, listed_researchers
from pages.server.visits import VISITS, Guest


class Role(StrEnum):
    RESEARCHER = "researcher"
    RATER = "rater"


def role() -> Role:
    """The role of the session, found out anew. The server learns it too: it takes more from researchers."""
    found = _role()
    if found == Role.RESEARCHER:
        VISITS.recognise(Guest.RESEARCHER)
    elif VISITS.present() == Guest.RESEARCHER:
        VISITS.recognise(Guest.STRANGER)
    return found


def _role() -> Role:
    if raters_only():
        return Role.RATER
    if not identity_provider():
        return Role.RESEARCHER
    listed = listed_researchers(os.environ.get(RESEARCHERS, ""))
    return Role.RESEARCHER if identity() in listed else Role.RATER


def raters_only() -> bool:
    """Whether this server has no researchers, whoever logs in."""
    return os.environ.get(RATERS_ONLY) == "1"


def identity() -> tuple[str, str] | None:
    """Issuer and subject of whoever is logged in, as the provider says them, letter by letter."""
    if not st.user.is_logged_in:
        return None
    issuer, subject = st.user.get("iss"), st.user.get("sub")
    return (issuer, subject) if isinstance(issuer, str) and isinstance(subject, str) and issuer and subject else None


def rater_is_here() -> None:
    """The key in the address is a rater's: the server takes more from them than from others and keeps their place."""
    if VISITS.present() == Guest.STRANGER:
        VISITS.recognise(Guest.RATER)


def require_researcher() -> None:
    """Go on for a researcher; for anybody else the run ends here. Every page and fragment of the dashboard asks, each
    time: what a session once was allowed to see it may not be any more."""
    if role() != Role.RESEARCHER:
        welcome()
        st.stop()


def welcome() -> None:
    """What everybody sees who has no link and is no researcher."""
    st.title("Welcome", anchor=False)
    st.markdown("Open the link of your invitation to take part in a study.")


def identity_provider() -> bool:
    """Whether people can log in. A file of secrets that cannot be read is an error, not a dashboard open to all."""
    if not any(Path(path).exists() for path in st.get_option("secrets.files")):
        return False
    return "auth" in st.secrets
