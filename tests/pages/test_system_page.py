"""The System page: what holds, what there is, and clean-up that lists first."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from streamlit.testing.v1 import AppTest

import bcos_core
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.storage.types import utc_now
from tests.pages.conftest import OpenPage, button, words


def cells(at: AppTest) -> str:
    return " ".join(str(value) for frame in at.dataframe for value in frame.value.to_numpy().ravel())


@pytest.fixture
def done(store: JobStore) -> Job:
    job, _ = store.submit("evaluate", "An evaluation", {}, "an evaluation")
    ended = {"state": JobState.SUCCEEDED, "ended_at": utc_now() - timedelta(days=1)}
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(ended))
    job = store.get(job.id)
    job.work.mkdir(parents=True)
    (job.work / "checkpoint.bin").write_bytes(bytes(5000))
    return job


def test_it_says_what_holds_and_what_there_is(
    store: JobStore, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BCOS_QUOTA_JOBS", "7")
    at = open_page("system")
    assert not at.exception and not at.error
    said = cells(at)
    assert "No supervisor runs" in said and "Writable." in said and bcos_core.__version__ in said
    assert "0 of 7" in said and "cpu" in said
    assert ("SQLite" if store.database.is_sqlite else "PostgreSQL") in said
    assert "There is nothing to remove." in words(at)


def test_what_can_go_is_listed_and_goes_only_when_it_is_sure(done: Job, open_page: OpenPage) -> None:
    at = open_page("system")
    assert f"jobs/{done.id}/work" in cells(at) and "5 kB" in cells(at)
    assert button(at, "Remove").disabled and done.work.is_dir()
    at.checkbox(key="clean-sure").check().run()
    button(at, "Remove").click().run()
    assert not done.work.exists() and "Removed" in at.success[0].value and "1 thing, 5 kB" in at.success[0].value
    assert "There is nothing to remove." in words(at)
    assert not at.exception


def test_a_quota_that_is_no_number_is_said_in_its_place(open_page: OpenPage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCOS_QUOTA_JOBS", "many")
    at = open_page("system")
    assert [error.value for error in at.error] and "is 'many'" in at.error[0].value
    assert "Writable." in cells(at) and not at.exception
