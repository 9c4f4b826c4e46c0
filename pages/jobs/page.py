"""Jobs: every job, what it does now, and what can be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.jobs.kinds import NAMES, command_of, kind_of
from bcos_core.jobs.queue import in_order
from bcos_core.jobs.store import Job, JobState
from bcos_core.numbers import count
from pages.widgets import url
from pages.widgets.errors import guard, show_error
from pages.widgets.frame import empty_page, fragment, head, loading
from pages.widgets.jobs import (
    REFRESH_SECONDS,
    cancel_button,
    curves,
    job_store,
    listed,
    looked_at,
    progress,
    result,
    state_badge,
    state_icon,
    summary,
    trained_models,
    watch,
    when,
)
from pages.widgets.left_out import left_out_rows
from pages.widgets.news import all_looked_at, notify_button
from pages.widgets.owner import by_whom
from pages.widgets.permission import offer
from pages.widgets.plain import plain
from pages.widgets.supervision import supervisor_notice

LIST_LENGTH = 30
LOG_LINES = 200
_SAID = "jobs-deleted"
RESUME = "it goes on from its last finished step."
RETRY = (
    "it begins anew; its unfinished work and its curves are removed, and what it makes takes the place of what it made."
)


def main() -> None:
    head("Jobs", "What runs, what waits, and what became of the rest.")
    if said := st.session_state.pop(_SAID, ""):
        st.success(plain(said), icon=":material/check:")
    newest = job_store().list(limit=1)
    if not newest.any:
        empty_page("Nothing was trained yet.", "Train a model", "train/page.py")
        return
    if job_store().list(active=True, limit=1).any:
        supervisor_notice()
    chosen = url.read("job") or next((job.id for job in newest), newest.left_out[0].name if newest.left_out else "")
    side, detail = st.columns([3, 5], gap="medium")
    with side:
        choose(chosen)
    with detail, guard():
        job = job_store().get(chosen)
        watch(job.id, show)
        actions(job)
    with side:
        all_looked_at()  # after the one that is shown was
        notify_button()


def choose(chosen: str) -> None:
    """The list: what runs, what waits in its order, what ended; it follows the jobs while one of them is active."""
    watched = job_store().active_ids()

    def rows() -> None:
        with guard():
            if job_store().active_ids() != watched:
                st.rerun()
            length = listed(LIST_LENGTH)
            jobs = in_order(job_store(), length)
            for job in jobs:
                row(job, chosen)
            left_out_rows(jobs.left_out, ("job", "jobs"), delete=job_store().delete)
            older = job_store().count() - length
            if older > 0 and st.button(f"Show {min(older, LIST_LENGTH)} of {older} older ones", type="tertiary"):
                url.write(listed=str(length + LIST_LENGTH))
                st.rerun()

    fragment(run_every=REFRESH_SECONDS if watched else None)(rows)()


def row(job: Job, chosen: str) -> None:
    with st.container(horizontal=True, vertical_alignment="top", gap="small", key=f"line-{job.id}"):
        opened = st.button(
            f"{plain(job.title)}  \n:gray[{plain(summary(job))}]",
            key=f"open-{job.id}",
            icon=state_icon(job),
            type="secondary" if job.id == chosen else "tertiary",
            width="stretch",
        )
        if job.active:
            cancel_button(job, small=True)
    if opened:
        url.write(job=job.id)
        st.rerun()


def show(job: Job) -> None:
    looked_at(job)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header(plain(job.title), anchor=False, width="content")
        state_badge(job)
    attempts = f" · {count(job.attempt, 'start')}" if job.attempt > 1 else ""
    asked = plain(f"{when(job.created_at)}{by_whom(job.owner)}")
    st.caption(f"Asked for {asked}{attempts}{place(job)} · job {plain(job.id)}")
    if job.active:
        progress(job)
    elif job.state == JobState.FAILED:
        show_error(job.message or "It ended without a message. The log below may say why.")
    elif job.message:
        st.markdown(plain(job.message))
    with guard():
        result(job)
    curves(job)
    with st.expander("Log", key=f"log-{job.id}", expanded=job.state == JobState.FAILED):
        st.code(job_store().log_tail(job.id, LOG_LINES) or "Nothing yet.", language=None, height=280)
    with st.expander("Files and command", key=f"files-{job.id}"):
        for artefact in job.artefacts:
            there = "" if artefact in job_store().removable(job) else " (no longer there, or not in this home)"
            st.code(artefact + there, language=None)
        st.caption("The same work without a browser:")
        with guard():
            st.code(command_of(job), language="bash", wrap_lines=True)


def place(job: Job) -> str:
    """Where a running job runs, as far as it is known: " · on lab-server, cuda:1"."""
    if job.state != JobState.RUNNING:
        return ""
    known = [plain(part) for part in (job.host or job.supervisor, job.device) if part]
    return f" · on {', '.join(known)}" if known else ""


def actions(job: Job) -> None:
    """Only what can be done with the job as it stands."""
    with st.container(horizontal=True):
        models = trained_models(job)
        if models and st.button("Compare", type="primary"):
            st.switch_page("compare/page.py", query_params={"model": models})
        speaking = trained_models(job, speak=True)
        if speaking and st.button("Generate", type="primary"):
            st.switch_page("generate/page.py", query_params={"model": speaking[0]})
        kind = kind_of(job.kind) if job.kind in NAMES and job.state == JobState.SUCCEEDED else None
        if kind and kind.page and st.button("Open the results", type="primary"):
            named = (job.result or {}).get(kind.parameter, job.id)
            st.switch_page(f"{kind.page}/page.py", query_params={kind.parameter: named} if kind.parameter else None)
        if job.active:
            cancel_button(job)
            return
        restart, whose = Action.RESTART_JOB, {"owner": job.owner, "of": job.id}
        if job.state != JobState.SUCCEEDED and offer(st.button, "Resume", restart, **whose):
            job_store().resume(job.id)
            st.rerun()
        if offer(st.button, "Retry", restart, **whose):
            job_store().retry(job.id)
            st.rerun()
        with st.popover("Delete …"):
            confirm_delete(job)
    resume = "" if job.state == JobState.SUCCEEDED else f"**Resume**: {RESUME} "
    st.caption(f"{resume}**Retry**: {RETRY}")


def confirm_delete(job: Job) -> None:
    with guard():
        st.markdown("The job goes with its log, its curves and its unfinished work.")
        store = job_store()
        there = [store.is_model(Path(one)) for one in store.removable(job)]
        made = [count(n, what) for n, what in ((there.count(True), "model"), (there.count(False), "folder")) if n]
        artefacts = bool(made) and st.checkbox(
            f"Also delete {' and '.join(made)} that it made", key=f"artefacts-{job.id}"
        )
        uses = None
        if artefacts:
            with loading("Looking at what needs the models …"):
                from bcos_core.shelf.jobs import delete_job, uses_of_made
            uses = uses_of_made(job, store)
        if uses:
            for sentence in uses.sentences:
                st.markdown(plain(sentence))
            for refusal in uses.refusals:
                st.error(plain(refusal), icon=":material/lock:")
            st.caption("Models go to the trash at the end of the Models page, from where they can be taken back.")
        refused = uses is not None and bool(uses.refusals)
        look: dict[str, Any] = {"type": "primary", "key": f"delete-{job.id}", "disabled": refused}
        if offer(st.button, "Delete", Action.DELETE_JOB, owner=job.owner, of=job.id, **look):
            if artefacts:
                away = delete_job(store, job.id, artefacts=True)
            else:
                away = None
                store.delete(job.id)
            trashed = ", ".join(model.name for model in away.models) if away else ""
            st.session_state[_SAID] = f"Deleted: {job.title}." + (
                f" Moved to the trash at the end of the Models page, from where it can be taken back: {trashed}."
                if trashed
                else ""
            )
            url.write(job=None)
            st.rerun()


main()
