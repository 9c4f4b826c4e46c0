"""An open study: invitations, and how far its raters are. What they answered stays hidden until it is closed."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from bcos_core.render.numbers import count, duration
from bcos_core.storage.types import utc_now
from bcos_core.study.access import Rater
from bcos_core.study.assignment import Counts, SlotKind
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.plan import Plan
from bcos_core.study.raters import Raters
from bcos_core.study.results import Answered, failed_checks, read_answers_of
from bcos_core.study.slots import counts_of
from bcos_core.study.studies import Study
from pages.shared.errors import guard
from pages.shared.page import fragment
from pages.shared.plain import plain
from pages.shared.studies import Running, database

_KINDS = {InviteKind.OPEN.value: "Open link, for several people", InviteKind.PERSONAL.value: "Personal links, one each"}
REFRESH_SECONDS = 4.0


def invitations(study: Study) -> None:
    """Links: made, shown once, listed, taken back."""
    store = Invitations(database())
    with st.form("invite", border=False):
        columns = st.columns(4, vertical_alignment="bottom")
        kind = columns[0].selectbox("Invite by", list(_KINDS), format_func=_KINDS.__getitem__)
        places = columns[1].number_input("How many people", 1, 1000, 10)
        days = columns[2].number_input("Days until it expires", 1, 365, 30)
        asked = columns[3].form_submit_button("Make links")
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
        st.code("\n".join(f"{_base()}/rate?invite={token}" for token in tokens), language=None)
    for invite in store.list(study.id):
        with st.container(horizontal=True, vertical_alignment="center"):
            state = "taken back" if invite.revoked_at else f"{invite.used} of {invite.cap or 'any number'} came"
            expires = f" · until {invite.expires_at:%d %B %Y}" if invite.expires_at else ""
            st.markdown(plain(f"{_KINDS[invite.kind.value]} {invite.note} · {state}{expires}"), width="stretch")
            if st.button("Take back", key=f"revoke-{invite.id}", disabled=invite.revoked_at is not None):
                store.revoke(invite.id)
                st.rerun()


def _base() -> str:
    """Where this server is, as the browser knows it."""
    host = str(st.context.url or "").split("/studies")[0].rstrip("/")
    return host or "http://127.0.0.1:8501"


def monitor(study: Study, running: Running) -> None:
    """Progress by cell, raters' pace and checks; drawn anew while raters answer."""

    def look() -> None:
        with guard():
            answered = read_answers_of(database(), study.id, running.locked)
            raters = Raters(database()).of(study.id)
            with database().read() as connection:
                counts = counts_of(connection, study.id)
            _figures(running.slots.plan, raters, counts, answered)
            _cells(running.slots.plan, counts)
            _raters(raters, running, answered)

    fragment(run_every=REFRESH_SECONDS)(look)()


def _figures(plan: Plan, raters: list[Rater], counts: Counts, answered: Answered) -> None:
    filled = sum(counts.values())
    wanted = len(plan.items) * plan.raters_per_item
    columns = st.columns(4)
    columns[0].metric("Raters", f"{len(raters):,}")
    columns[1].metric("Finished", f"{sum(rater.finished_at is not None for rater in raters):,}")
    columns[2].metric("Answers of those wanted", f"{filled:,} of {wanted:,}")
    columns[3].metric("Left out by the rule", f"{len(answered.excluded):,}")
    st.progress(min(1.0, filled / wanted))


def _cells(plan: Plan, counts: Counts) -> None:
    """How full the cells are: rows are items, columns conditions in an order that does not tell which is which."""
    rows = [
        {"item": item, **{f"cell {place + 1}": counts.get((item, cell), 0) for place, cell in enumerate(plan.cells)}}
        for item in plan.items
    ]
    with st.expander("Answers in each cell"):
        st.dataframe(pd.DataFrame(rows), hide_index=True, height=260)


def _raters(raters: list[Rater], running: Running, answered: Answered) -> None:
    if not raters:
        st.caption("Nobody has come yet.")
        return
    frame = answered.answers
    checks = failed_checks(frame, running.locked)
    items = frame[frame["kind"] == SlotKind.ITEM.value].drop_duplicates(["rater", "item"])
    pace = items.groupby("rater")["seconds"].median()
    rows = []
    for rater in raters:
        failed, seen = checks.get(rater.id, (0, 0))
        state = "withdrawn" if rater.withdrawn_at else "finished" if rater.finished_at else "under way"
        median = pace.get(rater.id)
        rows.append(
            {
                "rater": rater.arrival + 1,
                "state": state,
                "items": int((items["rater"] == rater.id).sum()),
                "median per item": "–" if median is None or pd.isna(median) else duration(median),
                "checks failed": f"{failed} of {seen}" if seen else "–",
                "left out": answered.excluded.get(rater.id, ""),
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(f"{count(len(rows), 'rater')} in the order in which they came. Answers are shown once it is closed.")
