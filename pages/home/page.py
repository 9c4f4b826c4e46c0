"""Home: the quick start as it runs; then two models' heatmaps of one text, what ran lately, and what comes next."""

from __future__ import annotations

import streamlit as st

from bcos_core.access.table import Action
from bcos_core.home import get_home
from bcos_core.jobs.store import Job, JobState
from bcos_core.model.info import CheckpointInfo, list_checkpoints
from bcos_core.train.job import QUICKSTART
from bcos_core.train.quickstart import quickstart_spec
from pages.home.figures import figures
from pages.home.lately import lately, next_step
from pages.home.pair import pair_to_show
from pages.widgets import url
from pages.widgets.errors import guard, show_error
from pages.widgets.frame import fragment, head, loading
from pages.widgets.jobs import cancel_button, curves, follow, job_store, progress, time_needed, watch
from pages.widgets.left_out import left_out_rows
from pages.widgets.permission import offer
from pages.widgets.supervision import before_a_start, supervisor_notice


def main() -> None:
    head("B-cos language models", "Convert a pretrained language model, and see exactly why it decides as it does.")
    listing = job_store().list(kind=QUICKSTART.name)
    left_out_rows(listing.left_out, ("quick start", "quick starts"))
    jobs = listing.found
    active = next((job for job in jobs if job.active), None)
    models = list_checkpoints(get_home())
    shown = pair_to_show(models, url.read_all("model"))
    if active is not None:
        supervisor_notice()
        watch(active.id, running)
    elif jobs and jobs[0].state in (JobState.FAILED, JobState.CANCELLED):
        stopped(jobs[0])
    elif not shown:
        invitation()
    if shown:
        first_sight()
        compare_button(shown)
        figures(shown[0])
    elif models.found:
        left_without_tests()
    if models.found:
        next_step()
    lately()
    follow()


@fragment(parallel=True, key="first-sight")
def first_sight() -> None:
    """The heatmaps. The rest of the page does not wait for them, nor for PyTorch on a server's first visit."""
    with guard():
        with loading():
            from pages.home.disagreement import show_disagreement
        show_disagreement()


def compare_button(shown: list[CheckpointInfo]) -> None:
    """To the same text on Compare, with the words that were struck out. Outside of the fragment, as `st.switch_page` is
    not for threads."""
    if st.button("Compare all methods", type="primary"):
        models = [info.path.name for info in shown]
        kept = {name: url.read(name) for name in ("example", "strike") if url.read(name)}
        st.switch_page("compare/page.py", query_params={"model": models, **kept})


def running(job: Job) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header("The quick start is running", anchor=False, width="content")
            cancel_button(job)
        if job.cancel_requested:
            st.caption("Stopping. Unfinished work is kept, so that it can go on later.")
        progress(job)
        curves(job)


def stopped(job: Job) -> None:
    before_a_start()
    with st.container(border=True):
        failed = job.state == JobState.FAILED
        st.header("The quick start has failed" if failed else "The quick start was cancelled", anchor=False)
        if failed and job.message:
            show_error(job.message)
        with st.container(horizontal=True), guard():
            about = "What was finished is kept."
            if offer(st.button, "Go on", Action.RESTART_JOB, owner=job.owner, type="primary", help=about):
                job_store().resume(job.id)
                st.rerun()
            if offer(st.button, "Start anew", Action.RESTART_JOB, owner=job.owner):
                job_store().retry(job.id)
                st.rerun()
            if st.button("Show the log"):
                st.switch_page("jobs/page.py", query_params={"job": job.id})


def invitation() -> None:
    with st.container(border=True):
        st.header("Two models in a few minutes", anchor=False)
        st.markdown(
            "The quick start converts the embedded model (MiniLM, 22 million parameters), trains it on short movie "
            "sentences beside its conventional twin, and scores both. It needs no network. "
            + time_needed(QUICKSTART, quickstart_spec())
        )
        with st.container(horizontal=True):
            if offer(st.button, "Start the quick start", Action.SUBMIT_JOB, type="primary"):
                start_quickstart()
    before_a_start()


def left_without_tests() -> None:
    """A way to models of which no test text is known."""
    if st.button("Compare the models there are"):
        st.switch_page("compare/page.py")


@guard()
def start_quickstart() -> None:
    QUICKSTART.submit(job_store(), quickstart_spec())
    st.rerun()


main()
