"""Who is at the browser, found out anew at each run of a page, and what they may do.

On this machine alone everybody is the admin. A team signs in: by an identity provider (`[auth]` in
`.streamlit/secrets.toml`), whose issuer and subject together are one person for good, or by a password, which the page
`pages.server.sign_in` asks for; who has an account, and its role, the database says. A server started for raters
(`app --raters`) has nobody but raters.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

from bcos_core.access.actor import NOBODY, SINGLE_USER, Actor, Mode, Role
from bcos_core.access.table import Action, may
from bcos_core.accounts.sessions import actor_of
from bcos_core.accounts.users import User, Users
from bcos_core.storage.audit import demand
from bcos_core.storage.database import Database
from bcos_core.team import RATERS_ONLY, TEAM
from pages.server.database import database_for
from pages.server.seams import provider_says
from pages.server.visits import VISITS, Guest

SESSION_COOKIE = "bcos_session"


def actor() -> Actor:
    """Whoever the session is for. The server learns it too: it takes more from members than from others."""
    found = who_is_here()()
    if may(found, Action.BROWSE):
        VISITS.recognise(Guest.RESEARCHER if may(found, Action.UPLOAD) else Guest.VIEWER, found.id)
    elif VISITS.present() >= Guest.VIEWER:
        VISITS.recognise(Guest.STRANGER)
    return found


def _by_password(token: str) -> Actor:
    return actor_of(database_for(NOBODY), token, used=VISITS.take_use())


def _by_provider(who: tuple[str, str] | None, issued: object) -> Actor:
    user = None if who is None else Users(database_for(NOBODY)).by_identity(*who)
    if user is None or user.disabled_at is not None or _is_over(user, issued):
        return NOBODY
    return user.actor(Mode.PROVIDER)


def who_is_here() -> Callable[[], Actor]:
    """Whoever the session is for, to be asked outside of a run: Streamlit makes a deferred download where it knows
    neither cookie nor login. What tells who it is, is read now; their account, session and role, when it is asked."""
    if raters_only():
        return lambda: NOBODY
    if not team():
        return lambda: SINGLE_USER
    if identity_provider():
        return partial(_by_provider, identity(), st.user.get("iat"))
    return partial(_by_password, session_token())


def who_asks(cookies: Mapping[str, str]) -> Actor:
    """Whoever a request with these cookies is from, outside of any page. It is no use of a session: pages also load
    pictures by themselves."""
    if raters_only():
        return NOBODY
    if not team():
        return SINGLE_USER
    if identity_provider():
        said = provider_says(cookies)
        return _by_provider(_identity(said) if said.get("is_logged_in") is True else None, said.get("iat"))
    return actor_of(database_for(NOBODY), cookies.get(SESSION_COOKIE, ""), used=False)


def later_database() -> Callable[[], Database]:
    """For a deferred download: the database in the name of whoever is here, with the role that they have when it is
    asked for."""
    who = who_is_here()
    return lambda: database_for(who())


def may_do(action: Action, *, owner: str | None = None) -> bool:
    """Whether to draw what does it: a courtesy. Where it is done, it is asked again."""
    return may(actor(), action, owner=owner)


def database() -> Database:
    """The database in the name of whoever is here."""
    return database_for(actor())


def raters_only() -> bool:
    """Whether nobody can sign in to this server."""
    return os.environ.get(RATERS_ONLY) == "1"


def team() -> bool:
    """Whether people sign in. Where a provider is set up they do, however the server was started."""
    return os.environ.get(TEAM) == "1" or identity_provider()


def session_token() -> str:
    """What the browser has kept of a sign-in by password."""
    return st.context.cookies.get(SESSION_COOKIE) or ""


def identity() -> tuple[str, str] | None:
    """Issuer and subject of whoever is logged in, as the provider says them, letter by letter."""
    return _identity(st.user) if st.user.is_logged_in else None


def _identity(said: Mapping[str, Any]) -> tuple[str, str] | None:
    issuer, subject = said.get("iss"), said.get("sub")
    return (issuer, subject) if isinstance(issuer, str) and isinstance(subject, str) and issuer and subject else None


def account() -> User | None:
    """Of whoever is logged in at the provider."""
    found = identity()
    return None if found is None else Users(database_for(NOBODY)).by_identity(*found)


def _is_over(user: User, issued: object) -> bool:
    """Whether the person was signed out everywhere since the provider said who they are, at `issued`."""
    if user.valid_after is None:
        return False
    if not isinstance(issued, int | float) or isinstance(issued, bool):
        return True
    return not user.valid_after.timestamp() < issued < math.inf  # compared as numbers: not each is a date


def rater_is_here() -> None:
    """The key in the address is a rater's: the server takes more from them than from others and keeps their place."""
    if VISITS.present() == Guest.STRANGER:
        VISITS.recognise(Guest.RATER)


def require_member(action: Action = Action.BROWSE) -> Actor:
    """Go on for whoever may do it, who is returned; for anybody else the run ends here. Every page and fragment of the
    dashboard asks, each time: what a session once was allowed to see it may not be any more."""
    found = actor()
    if not may(found, Action.BROWSE):
        (not_signed_in if was_member() else welcome)()
        st.stop()
    demand(database_for(found), action)
    return found


def welcome() -> None:
    """What everybody sees who has no link and no account."""
    st.title("Welcome", anchor=False)
    st.markdown("Open the link of your invitation to take part in a study.")


def note_member() -> None:
    """A member is here: should they be nobody later, the session was a member's."""
    st.session_state["was_member"] = True


def was_member() -> bool:
    """Whether whoever is at the session was a member once: signed out elsewhere, disabled, or away for too long."""
    return bool(st.session_state.get("was_member"))


def not_signed_in() -> None:
    """In place of a part of a page that runs by itself, whose session has ended: what is around it still stands there,
    with what was typed. The link leads to the address that the browser has when it is followed, and so to the form and
    back."""
    st.html('You are not signed in any more, and nothing here is done or saved. <a href="">Sign in again</a>')


def identity_provider() -> bool:
    """Whether people can log in by one. A file of secrets that cannot be read is an error, not a dashboard open to
    all."""
    if not any(Path(path).exists() for path in st.get_option("secrets.files")):
        return False
    return "auth" in st.secrets


__all__ = ["Role", "actor", "database", "may_do", "require_member"]
