"""The accounts, one a row: role, whether they may come in, open sessions; and a form for another."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from bcos_core.access.actor import MEMBERS, Role
from bcos_core.accounts.open_sessions import end_session, open_sessions
from bcos_core.accounts.users import NAME_SIGNS, User, Users
from bcos_core.errors import BcosError
from bcos_core.numbers import count
from bcos_core.storage.types import utc_now
from pages.server import roles
from pages.server.roles import database
from pages.widgets.errors import guard, show_error
from pages.widgets.jobs import when
from pages.widgets.plain import plain

_SAID = "people-said"


@dataclass
class _Said:
    """What the last press came to. One object for a session, changed in place: a second press may end a run at any
    command of Streamlit's, after an account was made and before its link would be kept."""

    link: str = ""
    person: str = ""
    """The account whose link it is; it stays in sight until it is put away, as it is told nowhere again."""
    is_new: bool = False
    failed: str = ""
    of: str = ""
    """The account with which something failed; "" where one could not be added."""
    forms: int = 0
    """Each account has had a form of its own: what a second press still sends to the last one is not heard."""
    refused: int = 0

    def made(self, link: str, user: User, *, is_new: bool = False) -> None:
        self.link, self.person, self.is_new = link, user.id, is_new

    def fail(self, error: BcosError, of: str = "") -> None:
        self.failed, self.of = str(error), of
        self.refused += 1

    def failure(self, of: str = "") -> str:
        """What failed with an account, once."""
        if not self.failed or self.of != of:
            return ""
        failed, self.failed = self.failed, ""
        return failed


def _said() -> _Said:
    said: _Said = st.session_state.setdefault(_SAID, _Said())
    return said


def show_accounts() -> None:
    """The form, and everybody; where there is one person alone, how to share it."""
    if not roles.team():
        st.info(
            "This dashboard has one user: whoever is at this machine. To share it, make an account with "
            "`python -m bcos_core users add NAME --role admin`, then start it with `python -m bcos_core app --team`."
        )
    _add_form(_said())
    users = Users(database()).list()
    if not users:
        st.caption("No accounts yet.")
    if (new := next((user for user in users if user.id == _said().person), None)) and _said().is_new:
        _show_link(new)
    for user in users:
        with guard():
            _row(user)


def _add_form(said: _Said) -> None:
    by_provider = roles.identity_provider()
    failed = said.failure()
    # A form that failed stands open, with what is to be mended.
    with st.expander("Add somebody", icon=":material/person_add:", expanded=bool(failed)):
        if failed:
            show_error(failed)
        with st.form(f"add-user-{said.forms}", border=False):
            name = st.text_input("Name", help=plain(f"Letters, digits, spaces, and {NAME_SIGNS.strip()}"))
            role = st.selectbox("Role", list(MEMBERS), format_func=lambda role: role.value.capitalize())
            issuer = st.text_input("Issuer", placeholder="https://login.example.org") if by_provider else ""
            subject = st.text_input("Subject") if by_provider else ""
            if not st.form_submit_button("Add", type="primary"):
                return
            users, here = Users(database()), _here()
            try:
                user = users.add(name, Role(role), issuer=issuer.strip() or None, subject=subject.strip() or None)
                if not by_provider:
                    said.made(here + users.link(user.id), user, is_new=True)
                said.forms += 1
            except BcosError as error:
                said.fail(error)
            st.rerun()


def _show_link(user: User) -> None:
    said = _said()
    st.success(f"Send this to {plain(user.name)}. It works once, for two days, and is not shown again.")
    st.code(said.link, language=None, wrap_lines=True)
    if st.button("Put it away", key="put-link-away"):
        said.link = said.person = ""
        st.rerun()


def _row(user: User) -> None:
    said = _said()
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f"**{plain(user.name)}** {_state(user)} :gray[· added {when(user.created_at)}]", width="stretch"
            )
            with st.container(horizontal=True, width="content"):
                st.selectbox(
                    "Role",
                    list(MEMBERS),
                    MEMBERS.index(user.role),
                    format_func=lambda role: role.value.capitalize(),
                    key=(key := f"role-{user.id}-{user.role}-{said.refused}"),  # one that was refused is drawn anew
                    label_visibility="collapsed",
                    width=150,
                    on_change=_change_role,
                    args=(user, key),
                )
                with st.popover("More"):
                    _buttons(user)
        if failed := said.failure(user.id):
            show_error(failed)
        if said.person == user.id and not said.is_new:
            _show_link(user)
    if user.sessions:
        _sessions(user)


def _state(user: User) -> str:
    if user.disabled_at:
        return ":red-badge[Disabled]"
    if not user.has_way_in:
        return ":orange-badge[No password yet]" if user.has_link else ":orange-badge[No password, and no link]"
    return f":gray[{count(user.sessions, 'open session')}]" if user.sessions else ":gray[not signed in]"


def _sessions(user: User) -> None:
    """Where the person is signed in by a password, each with a way to end it."""
    with st.expander(f"Where {plain(user.name)} is signed in", key=f"sessions-{user.id}"):
        for one in open_sessions(database(), user.id, now=utc_now()):
            with st.container(horizontal=True, vertical_alignment="center"):
                where = f"from {one.address}" if one.address else "from this machine"
                said = f"{where}, signed in {when(one.created_at)}, last seen {when(one.seen_at)}"
                st.markdown(plain(said), width="stretch")
                if st.button("End", key=f"end-{one.id}", help="Signs them out in this one browser."):
                    end_session(database(), user.id, one.id)
                    st.rerun()


def _here() -> str:
    """The address that a link's token is put behind, as the browser of whoever makes it reaches this dashboard."""
    here = (st.context.url or "").partition("?")[0]
    return f"{here.rpartition('/')[0]}/choose-password?token="


def _buttons(user: User) -> None:
    users, here, said = Users(database()), _here(), _said()
    if user.issuer is None and st.button("Link to choose a password", key=f"link-{user.id}"):
        said.made(here + users.link(user.id), user)
        st.rerun()
    if st.button("Sign out everywhere", key=f"out-{user.id}"):
        users.end_sessions(user.id)
        st.rerun()
    label = "Enable" if user.disabled_at else "Disable"
    if st.button(label, key=f"{label}-{user.id}"):
        (users.enable if user.disabled_at else users.disable)(user.id)
        st.rerun()
    sure = st.checkbox("Remove for good; what they made stays.", key=f"sure-{user.id}")
    if st.button("Remove", disabled=not sure, key=f"remove-{user.id}"):
        users.remove(user.id)
        st.rerun()


def _change_role(user: User, key: str) -> None:
    try:
        Users(database()).set_role(user.id, Role(st.session_state[key]))
    except BcosError as error:
        _said().fail(error, user.id)
