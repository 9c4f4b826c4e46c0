"""Home: the quick start as it runs, and the way to the comparison when it is done."""

from __future__ import annotations

import streamlit as st

from bcos_core.home import get_home
from bcos_core.jobs.store import Job, JobState
from bcos_core.train.job import QUICKSTART
from bcos_core.train.quickstart import quickstart_spec
from pages.widgets.errors import guard, show_error
from pages.widgets.frame import head
from pages.widgets.jobs import curves, follow, job_store, progress, result, trained_models, watch
from pages.widgets.left_out import left_out_rows
from pages.widgets.supervision import supervisor_notice


def main() -> None:
    head("B-cos language models", "Convert a pretrained language model, and see exactly why it decides as it does.")
    listing = job_store().list(kind=QUICKSTART.name)
    left_out_rows(listing.left_out, ("quick start", "quick starts"))
    jobs = listing.found
    active = next((job for job in jobs if job.active), None)
    done = next((job for job in jobs if job.state == JobState.SUCCEEDED and trained_models(job)), None)
    if active is not None:
        supervisor_notice()
        watch(active.id, running)
    elif done is not None:
        ready(done)
    elif jobs and jobs[0].state in (JobState.FAILED, JobState.CANCELLED):
        stopped(jobs[0])
    else:
        invitation()
    follow()


def running(job: Job) -> None:
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header("The quick start is running", anchor=False, width="content")
            if st.button("Cancel", key="cancel", disabled=job.cancel_requested):
                job_store().cancel(job.id)
                st.rerun()
        if job.cancel_requested:
            st.caption("Stopping. Unfinished work is kept, so that it can go on later.")
        progress(job)
        curves(job)


def ready(job: Job) -> None:
    models = trained_models(job)
    with st.container(border=True):
        st.header("Ready. Compare the two models." if len(models) > 1 else "Ready.", anchor=False)
        result(job)
        st.markdown(
            "Compare opens on a test sentence about which the two models disagree, and shows what each word adds."
        )
        with st.container(horizontal=True):
            if st.button("Compare the two models" if len(models) > 1 else "Look at the model", type="primary"):
                st.switch_page("compare/page.py", query_params={"model": models})
            if st.button("Train on your own data"):
                st.switch_page("train/page.py")
    curves(job)


def stopped(job: Job) -> None:
    supervisor_notice()
    with st.container(border=True):
        failed = job.state == JobState.FAILED
        st.header("The quick start has failed" if failed else "The quick start was cancelled", anchor=False)
        if failed and job.message:
            show_error(job.message)
        with st.container(horizontal=True), guard():
            if st.button("Go on", type="primary", help="What was finished is kept."):
                job_store().resume(job.id)
                st.rerun()
            if st.button("Start anew"):
                job_store().retry(job.id)
                st.rerun()
            if st.button("Show the log"):
                st.switch_page("jobs/page.py", query_params={"job": job.id})
            other_models()


def invitation() -> None:
    with st.container(border=True):
        st.header("Two models in a few minutes", anchor=False)
        st.markdown(
            "The quick start converts the embedded model (MiniLM, 22 million parameters), trains it on short movie "
            "sentences beside its conventional twin, and scores both. It runs on this machine, about 4 minutes on "
            "two cores, and needs no network."
        )
        with st.container(horizontal=True):
            if st.button("Start the quick start", type="primary"):
                start_quickstart()
            other_models()
    supervisor_notice()


def other_models() -> None:
    """A way to the models that were made without a quick start."""
    models = get_home().models
    made = models.is_dir() and any(not folder.name.startswith(".") for folder in models.iterdir())
    if made and st.button("Compare the models there are"):
        st.switch_page("compare/page.py")


@guard()
def start_quickstart() -> None:
    QUICKSTART.submit(job_store(), quickstart_spec())
    st.rerun()


main()
