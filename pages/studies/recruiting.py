"""Recruiting by a panel: its parameters, what its people get at the end, and the link that it is given."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.storage.types import utc_now
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.recruiting import PROLIFIC, Recruiting
from bcos_core.study.studies import Study
from pages.server.roles import database, may_do, require_member
from pages.studies.address import address_of, invitation
from pages.widgets.errors import guard
from pages.widgets.kept import forget, kept
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.studies import studies

_OTHER = "Another panel"
_DAYS = 30


def by_panel(study: Study) -> None:
    """How its people come and go, and a link for them: for those who may change it, as the codes are money."""
    require_member()
    if not may_do(Action.EDIT_STUDY, owner=study.owner):
        return
    now = studies().recruiting(study.id)
    with st.expander("Recruit by a panel, such as Prolific", icon=":material/groups:"):
        st.caption(
            "A panel’s link names who comes. Each of its people is one rater, and comes back by the same link. Their "
            "ids are personal data: they are kept with the rater, and are exported only when you ask for it."
        )
        with guard():
            wanted = _ask(study, now)
            look: dict[str, Any] = {"key": f"panel-save-{study.id}", "disabled": wanted == now}
            if offer(st.button, "Save", Action.EDIT_STUDY, owner=study.owner, **look):
                studies().recruit(study.id, wanted)
                forget(f"-panel-{study.id}")
                st.rerun()
        if now is not None:
            _link(study, now)


def _ask(study: Study, now: Recruiting | None) -> Recruiting:
    base = now or PROLIFIC

    def key(name: str) -> str:
        return f"{name}-panel-{study.id}"

    columns = st.columns(4, vertical_alignment="bottom")
    titles = [PROLIFIC.panel, _OTHER]
    chosen = columns[0].selectbox(
        "Panel",
        titles,
        **kept(key("which"), base.panel if base.panel in titles else _OTHER, options=titles, begins="index"),
    )
    if chosen == PROLIFIC.panel:
        names = {"panel": PROLIFIC.panel, "participant": PROLIFIC.participant}
        names |= {"study": PROLIFIC.study, "session": PROLIFIC.session}
    else:
        own = base if base.panel != PROLIFIC.panel else Recruiting(_OTHER, "participant")
        names = {"panel": own.panel}
        for column, name, title in zip(
            columns[1:],
            ("participant", "study", "session"),
            ("Parameter with the person’s id", "Parameter with the study", "Parameter with the session"),
            strict=True,
        ):
            names[name] = column.text_input(title, max_chars=40, **kept(key(name), getattr(own, name))).strip()
    ends = {
        name: column.text_input(
            title,
            max_chars=500,
            help="A code, or an address that begins with https://. It is sent to nobody before they have come so far.",
            **kept(key(name), getattr(base, name)),
        ).strip()
        for column, name, title in zip(
            st.columns(2),
            ("completion", "screen_out"),
            ("For those who finish: code or address", "For those who fail the comprehension check"),
            strict=True,
        )
    }
    return Recruiting(**names, **ends)


def _link(study: Study, now: Recruiting) -> None:
    with st.form(f"panel-link-{study.id}", border=False):
        columns = st.columns(2, vertical_alignment="bottom")
        places = columns[0].number_input("How many people of the panel", 1, 5000, 20)
        asked = offer(columns[1].form_submit_button, "Make the panel’s link", Action.INVITE, owner=study.owner)
    if asked:
        expires = utc_now() + timedelta(days=_DAYS)
        _, token = Invitations(database()).create(
            study.id, InviteKind.PANEL, cap=int(places), expires_at=expires, note=now.panel
        )
        st.info(
            plain(f"Give this address to {now.panel}. It is shown now and never again. It ends in {_DAYS} days."),
            icon=":material/key:",
        )
        st.code(now.link(invitation(address_of(study), token)), language=None, wrap_lines=True)
