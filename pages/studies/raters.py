"""An open study: invitations, and how far its raters are. What they answered stays hidden until it is closed."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from bcos_core.access.table import Action
from bcos_core.home import get_home
from bcos_core.numbers import count, duration
from bcos_core.storage.types import utc_now
from bcos_core.study.assignment import Counts
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.monitor import RaterProgress, StudyProgress, study_progress
from bcos_core.study.plan import Plan
from bcos_core.study.studies import Study
from pages.server.roles import database, require_member
from pages.studies.address import address_of, ask_address, invitation
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.pace import PACE
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.studies import Running

_KINDS = {InviteKind.OPEN.value: "Open link, for several people", InviteKind.PERSONAL.value: "Personal links, one each"}
_TITLES = {
    InviteKind.OPEN.value: "Open link",
    InviteKind.PERSONAL.value: "Personal link",
    InviteKind.PANEL.value: "Link of a panel",
}
REFRESH_SECONDS = 4.0


def invitations(study: Study, *, primary: bool) -> None:
    """Links: made, shown once, listed, taken back."""
    require_member()
    store = Invitations(database())
    ask_address(study)
    address = address_of(study)
    with st.form("invite", border=False):
        columns = st.columns(4, vertical_alignment="bottom")
        kind = columns[0].selectbox("Invite by", list(_KINDS), format_func=_KINDS.__getitem__)
        places = columns[1].number_input("How many people", 1, 1000, 10)
        days = columns[2].number_input("Days until it expires", 1, 365, 30)
        look = "primary" if primary else "secondary"
        asked = offer(columns[3].form_submit_button, "Make links", Action.INVITE, owner=study.owner, type=look)
    if asked:
        expires = utc_now() + timedelta(days=int(days))
        if kind == InviteKind.OPEN.value:
            tokens = [store.create(study.id, InviteKind.OPEN, cap=int(places), expires_at=expires)[1]]
        else:
            tokens = [
                store.create(study.id, InviteKind.PERSONAL, expires_at=expires, note=f"no. {number + 1}")[1]
                for number in range(int(places))
            ]
        st.info("These links are shown now and never again: only their hashes are kept.", icon=":material/key:")
        st.code("\n".join(invitation(address, token) for token in tokens), language=None)
    for invite in store.list(study.id):
        with st.container(horizontal=True, vertical_alignment="center"):
            state = "taken back" if invite.revoked_at else f"{invite.used} of {invite.cap or 'any number'} came"
            until = f" · until {invite.expires_at:%d %B %Y}" if invite.expires_at else ""
            st.markdown(
                plain(" · ".join(filter(None, (_TITLES[invite.kind.value], invite.note, f"{state}{until}")))),
                width="stretch",
            )
            gone = invite.revoked_at is not None
            key = f"revoke-{invite.id}"
            if offer(st.button, "Take back", Action.INVITE, owner=study.owner, key=key, disabled=gone):
                store.revoke(invite.id)
                st.rerun()


def monitor(study: Study, running: Running) -> None:
    """Progress by cell, raters' pace and checks; drawn anew while raters answer."""

    def look() -> None:
        with guard():
            key = ("monitor", str(get_home().root), study.id, study.status, study.extended_to)
            progress = PACE.look(key, lambda: study_progress(database(), study.id, running.locked))
            _figures(running.slots.plan, progress)
            _cells(running.slots.plan, progress.counts)
            _raters(progress)

    fragment(run_every=REFRESH_SECONDS)(look)()


def _figures(plan: Plan, progress: StudyProgress) -> None:
    filled = sum(progress.counts.values())
    wanted = len(plan.items) * plan.raters_per_item
    columns = st.columns(4)
    columns[0].metric("Raters", f"{progress.raters:,}")
    columns[1].metric("Finished", f"{progress.finished:,}")
    columns[2].metric("Answers of those wanted", f"{filled:,} of {wanted:,}")
    columns[3].metric("Left out by the rule", f"{progress.left_out:,}")
    st.progress(min(1.0, filled / wanted))
    if progress.in_hand:
        st.caption(f"{count(progress.in_hand, 'more item')} {'is' if progress.in_hand == 1 else 'are'} open just now.")


def _cells(plan: Plan, counts: Counts) -> None:
    """How full the cells are: rows are items, columns conditions in an order that does not tell which is which."""
    rows = [
        {"item": item, **{f"cell {place + 1}": counts.get((item, cell), 0) for place, cell in enumerate(plan.cells)}}
        for item in plan.items
    ]
    with st.expander("Answers in each cell"):
        st.dataframe(pd.DataFrame(rows), hide_index=True, height=260)


def _raters(progress: StudyProgress) -> None:
    if not progress.newest:
        st.caption("Nobody has come yet.")
        return
    rows = [
        {
            "arrival": rater.arrival,
            "state": _state(rater),
            "items": rater.items,
            "median per item": "–" if rater.median_seconds is None else duration(rater.median_seconds),
            "checks failed": f"{rater.failed_checks} of {rater.checks}" if rater.checks else "–",
            "left out": rater.left_out,
        }
        for rater in progress.newest
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    last = "" if len(rows) == progress.raters else f"The last {len(rows):,} of "
    st.caption(
        f"{last}{count(progress.raters, 'rater')} in the order in which they came. Answers are shown once it is closed."
    )


def _state(rater: RaterProgress) -> str:
    if rater.withdrawn_at:
        return "withdrawn"
    if rater.screened_out_at:
        return "screened out"
    return "finished" if rater.finished_at else "under way"
