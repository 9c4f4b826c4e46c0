"""A job that has ended says so on every page, until somebody has looked."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from bcos_core.jobs.claims import claim
from bcos_core.jobs.lease import Lease
from bcos_core.jobs.news import unseen
from bcos_core.jobs.store import Job, JobStore
from tests.pages.conftest import OpenPage, button


def submit(store: JobStore, title: str) -> Job:
    job, _ = store.submit("words", title, {}, title)
    claim(store, "cpu")
    return job


def toasts(at: AppTest) -> list[str]:
    return [str(toast.value) for toast in at.toast]


def test_a_job_that_ends_is_called_out_once_on_whatever_page_one_is(open_page: OpenPage, store: JobStore) -> None:
    job = submit(store, "The *words*")
    at = open_page("train")
    assert toasts(at) == []
    Lease(store, job.id, 1).succeed({}, [])
    at.run()
    assert toasts(at) == ["**The \\*words\\*** is done."]
    assert toasts(at.run()) == []
    assert [one.id for one in unseen(store, "")] == [job.id]  # the mark stays


def test_one_that_fails_says_so(open_page: OpenPage, store: JobStore) -> None:
    job = submit(store, "Tweets")
    at = open_page("train")
    Lease(store, job.id, 1).fail("No.")
    assert toasts(at.run()) == ["**Tweets** has failed."]


def test_what_ended_before_is_marked_and_not_called_out(open_page: OpenPage, store: JobStore) -> None:
    Lease(store, submit(store, "In the night").id, 1).succeed({}, [])
    at = open_page("train")
    assert toasts(at) == [] and len(unseen(store, "")) == 1


def test_opening_the_job_is_looking_at_it(open_page: OpenPage, store: JobStore) -> None:
    jobs = [submit(store, title) for title in ("A", "B", "C")]
    for job in jobs:
        Lease(store, job.id, 1).succeed({}, [])
    at = open_page("jobs", job=jobs[1].id)
    assert {one.title for one in unseen(store, "")} == {"A", "C"}
    button(at, "Mark 2 as seen").click().run()
    assert unseen(store, "") == []
