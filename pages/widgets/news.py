"""A job that has ended says so on whatever page one is: a toast, the tab's title, a mark at Jobs in the sidebar until
somebody has looked, and a notification of the browser where that was asked for.

What was looked at is kept for each researcher, not for each browser: who has seen a result at one desk is not told of
it at the next, and who opens the dashboard in the morning is told what ended in the night.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from bcos_core.home import CHECKOUT
from bcos_core.jobs import news
from bcos_core.jobs.store import Job, JobState
from pages.widgets.component import unseen
from pages.widgets.errors import guard
from pages.widgets.frame import fragment
from pages.widgets.jobs import job_store, researcher
from pages.widgets.plain import plain

LOOK_SECONDS = 4.0
_TOLD = "news-told"
_SCRIPTS = CHECKOUT / "assets"
_mark = unseen("bcos_news", "news")
_ask = st.components.v2.component(
    "bcos_notify",
    html='<button type="button" hidden></button>',
    css=(_SCRIPTS / "notify.css").read_text(encoding="utf-8"),
    js=(_SCRIPTS / "notify.js").read_text(encoding="utf-8"),
)


def announce() -> None:
    """Look now and then what has ended, by itself: one short query, and no other part of the page is drawn anew."""
    with st.sidebar:
        fragment(run_every=LOOK_SECONDS, key="news")(_look)()


def _look() -> None:
    with guard():
        found = news.unseen(job_store(), researcher())
        told = st.session_state.get(_TOLD)
        for job in found:
            if told is not None and _start_of(job) not in told:
                _toast(job)
        # What had ended before this session began is marked, and not called out one by one.
        st.session_state[_TOLD] = (told or set()) | set(map(_start_of, found))
        _mark(data={"jobs": [_row(job) for job in found]}, key="news", height=0)


def _toast(job: Job) -> None:
    if job.state == JobState.SUCCEEDED:
        st.toast(f"**{plain(job.title)}** is done.", icon=":material/check_circle:")
    else:
        st.toast(f"**{plain(job.title)}** has failed.", icon=":material/error:")


def _row(job: Job) -> dict[str, Any]:
    said = "is done" if job.state == JobState.SUCCEEDED else "has failed"
    return {"id": f"{job.id}.{job.attempt}", "title": job.title, "said": said}


def _start_of(job: Job) -> tuple[str, int]:
    return job.id, job.attempt


def all_looked_at() -> None:
    """A button, while there is news."""
    number = news.count_unseen(job_store(), researcher())
    if number > 1 and st.button(f"Mark {number} as seen", type="tertiary", icon=":material/done_all:"):
        news.look_at_all(job_store(), researcher())
        st.rerun()


def notify_button() -> None:
    """Asks the browser to tell of jobs that end while it shows something else; the browser asks the person."""
    _ask(key="notify")
