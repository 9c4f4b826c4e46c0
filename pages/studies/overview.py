"""The Studies page below its head: a new study, and the chosen one from draft to results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.numbers import count
from bcos_core.study.design import StudyDesign
from bcos_core.study.lock_job import LOCK, LockSpec
from bcos_core.study.plan import MOST_RATERS_PER_ITEM
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.studies import Study, StudyStatus
from pages.server.roles import database
from pages.studies.draft import copy_study, edit_draft, new_study
from pages.studies.preview import preview, preview_draft
from pages.studies.raters import invitations, monitor
from pages.studies.recruiting import by_panel
from pages.studies.rehearsal import rehearsal
from pages.studies.results import study_results
from pages.studies.steps import draw_steps, is_rehearsed
from pages.widgets import url
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.jobs import follow
from pages.widgets.left_out import left_out_rows
from pages.widgets.owner import by_whom
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.request import Request, ask, follow_active
from pages.widgets.studies import Running, called, running, studies
from pages.widgets.supervision import before_a_start

_SHOWN = "studies-shown"
_LOOK_SECONDS = 4.0


def show_studies() -> None:
    listing = studies().list()
    found = listing.found
    left_out_rows(listing.left_out, ("study", "studies"), action=Action.DELETE_STUDY, delete=studies().delete)
    with st.expander("New study", icon=":material/add:", expanded=not found), guard():
        new_study()
    if not found:
        return
    study = _choose(found)
    with guard():
        _study(study)
    _follow(study)
    follow()


def _choose(found: Sequence[Study]) -> Study:
    """The study of the address, else the one that this session looked at last: another one that is made meanwhile, such
    as the copy of a rehearsal, does not take its place."""
    titles = _titles(found)
    first = next((study for study in found if not study.simulated), found[0])
    last = st.session_state.get(_SHOWN, first.id)
    chosen = st.selectbox(
        "Study",
        list(titles),
        format_func=titles.__getitem__,
        **url.bound("study", last if last in titles else first.id, parse=url.one_of(titles)),
    )
    st.session_state[_SHOWN] = chosen
    return next(study for study in found if study.id == chosen)


def _titles(found: Sequence[Study]) -> dict[str, str]:
    """Id → what is to be chosen, no two alike. Without its step, which changes while the list is open."""
    titles: dict[str, str] = {}
    for study in reversed(found):  # the oldest first, so that a copy is the one that gets a number
        title = f"{study.title}{' · simulated' if study.simulated else ''} · {study.created_at:%d %B %Y}"
        same = sum(other.partition(" · no. ")[0] == title for other in titles.values())
        titles[study.id] = f"{title} · no. {same + 1}" if same else title
    return dict(reversed(titles.items()))


def _follow(drawn: Study) -> None:
    """Draw the page anew when the study has moved on elsewhere: in another tab, by a command, or by a job that ended
    while this page was being drawn."""

    def look() -> None:
        with guard():
            now = next((study for study in studies().list().found if study.id == drawn.id), None)
            if now is None or (now.status, now.extended_to) != (drawn.status, drawn.extended_to):
                st.rerun()

    fragment(run_every=_LOOK_SECONDS)(look)()


def _study(study: Study) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(study.title), anchor=False, width="content")
        if study.simulated:
            st.badge("Simulated raters", icon=":material/smart_toy:", color="orange")
    if not study.simulated:  # a rehearsal is itself a step of another study
        draw_steps(study)
    if whose := by_whom(study.owner):
        st.caption(plain(f"Drawn up{whose} · {study.created_at:%d %B %Y}"))
    _summary(study)
    if study.status == StudyStatus.DRAFT:
        _draft(study)
        return
    st.caption(f"Locked as SHA-256 {study.lock_hash}")
    if study.status == StudyStatus.LOCKED:
        _locked(study)
    elif study.status == StudyStatus.CLOSED:
        _closed(study)
    else:
        _open(study)


def _summary(study: Study) -> None:
    design = StudyDesign.from_dict(study.design)
    wanted = study.extended_to or design.raters_per_item
    names = called()
    conditions = "\n".join(f"- {plain(condition.called(names))}" for condition in design.conditions)
    st.markdown(
        f"{PROTOCOLS[design.protocol].title}: {count(design.source.count, 'text')}, "
        f"{count(design.items_per_rater, 'item')} for each rater, {count(wanted, 'answer')} for each "
        f"item, {count(len(design.conditions), 'condition')}:\n{conditions}"
    )


def _draft(study: Study) -> None:
    request = Request(LOCK, LockSpec(study.id))
    if follow_active(request):  # what would be changed now is not what is being locked
        _copy_or_delete(study)
        return
    unsaved = edit_draft(study)
    before_a_start()
    preview_draft(study)
    if unsaved:
        st.info("“Change it” holds changes that are not saved. Save them, then lock.", icon=":material/edit:")
        st.button("Lock", disabled=True)
        _copy_or_delete(study)
        return
    ask(
        request,
        "Locking chooses the texts, explains each of them under every condition, and freezes all that raters will "
        "see. Nothing can be changed afterwards.",
        "Lock",
        primary=True,
        action=Action.EDIT_STUDY,
        owner=study.owner,
    )
    _copy_or_delete(study)


def _locked(study: Study) -> None:
    now = running(study)
    rehearsed = is_rehearsed(study)
    with st.expander("Look at it as a rater", icon=":material/visibility:"):
        preview(now.locked)
    rehearsal(study, now.locked, primary=not rehearsed)
    look = {"type": "primary" if rehearsed else "secondary", "icon": ":material/play_circle:"}
    if _run_button("Open for raters", study, **look):
        studies().open(study.id)
        st.rerun()
    _copy_or_delete(study)


def _open(study: Study) -> None:
    now = running(study)
    came = bool(Raters(database()).of(study.id))
    first = "Raters" if came else "Invitations"  # what is to do next
    raters, links, look = st.tabs(["Raters", "Invitations", "Preview"], default=first)
    with raters, guard():
        monitor(study, now)
    with links, guard():
        invitations(study, primary=not came)
        by_panel(study)
    with look, guard():
        preview(now.locked)
    with st.container(horizontal=True):
        _pause(study)
        _extend(study, now)
        ends = came and study.status == StudyStatus.OPEN
        with st.popover("Close the study", icon=":material/lock:", type="primary" if ends else "secondary"):
            st.markdown("No more answers are taken, for good, and the results are unblinded.")
            if _run_button("Close it", study, type="primary"):
                studies().close(study.id)
                st.rerun()
        copy_study(study)


def _pause(study: Study) -> None:
    paused = study.status == StudyStatus.PAUSED
    label, icon = ("Go on", ":material/play_arrow:") if paused else ("Pause", ":material/pause:")
    about = "Raters can answer again." if paused else "No answers are taken until you go on; what raters have is kept."
    if _run_button(label, study, icon=icon, help=about, type="primary" if paused else "secondary"):
        (studies().resume if paused else studies().pause)(study.id)
        st.rerun()


def _extend(study: Study, now: Running) -> None:
    with st.popover("Extend", icon=":material/playlist_add:"):
        st.markdown("Want more answers for each item. This is said in the methods paragraph.")
        wanted = now.slots.plan.raters_per_item
        least = min(wanted + 1, MOST_RATERS_PER_ITEM)
        more = st.number_input("Answers for each item", least, MOST_RATERS_PER_ITEM, key=f"extend-{study.id}-{wanted}")
        if _run_button("Extend it", study, disabled=wanted >= MOST_RATERS_PER_ITEM):
            with guard():
                studies().extend(study.id, int(more))
                st.rerun()


def _closed(study: Study) -> None:
    study_results(study, running(study))
    _copy_or_delete(study)


def _copy_or_delete(study: Study) -> None:
    with st.container(horizontal=True):
        copy_study(study)
        _delete(study)


def _delete(study: Study) -> None:
    with st.popover("Delete", icon=":material/delete:", type="tertiary"):
        st.markdown("The study is removed with all its answers. Download what you want to keep first.")
        if offer(st.button, "Delete it", Action.DELETE_STUDY, owner=study.owner, key=f"delete-{study.id}"):
            studies().delete(study.id)
            url.write(study=None)
            st.rerun()


def _run_button(label: str, study: Study, **options: Any) -> bool:
    return bool(offer(st.button, label, Action.RUN_STUDY, owner=study.owner, of=study.id, **options))
