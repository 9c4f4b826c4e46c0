"""Whoever writes second has seen what the first one wrote: no end of a job is overwritten, no start is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from bcos_core.errors import InputError, JobError
from bcos_core.jobs.claims import Loss, claim, record_handle, settle
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.news import look_at, unseen
from bcos_core.jobs.schema import JOB_LOOKS, JOB_METRICS, JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.storage.types import utc_now
from tests.interleaved import meanwhile


def running(store: JobStore) -> Job:
    store.submit("train", "Training", {}, "training")
    job = claim(store, "cpu")
    assert job is not None
    return job


def failed(store: JobStore) -> Job:
    job = running(store)
    assert Lease(store, job.id, 1).fail("Out of memory.")
    return store.get(job.id)


def sets(id: str, **columns: object) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(update(JOBS).where(JOBS.c.id == id).values(columns))


def ended(id: str) -> Callable[[Connection], object]:
    return sets(id, state=JobState.SUCCEEDED, ended_at=utc_now(), result={"accuracy": 0.9})


@pytest.mark.parametrize("loss", list(Loss))
def test_a_supervisor_that_saw_the_process_die_leaves_a_success_alone(store: JobStore, loss: Loss) -> None:
    job = running(store)
    meanwhile(store.database, ended(job.id), lambda: settle(store, job, "it was killed", loss))
    assert store.get(job.id).state == JobState.SUCCEEDED
    assert store.get(job.id).result == {"accuracy": 0.9}


def test_a_supervisor_leaves_a_start_alone_that_is_not_the_one_it_watched(store: JobStore) -> None:
    job = running(store)
    meanwhile(store.database, sets(job.id, attempt=2), lambda: settle(store, job, "it was killed"))
    assert (store.get(job.id).state, store.get(job.id).attempt) == (JobState.RUNNING, 2)
    meanwhile(store.database, sets(job.id, attempt=3), lambda: record_handle(store, job, "4711"))
    assert store.get(job.id).handle == ""


def test_what_has_succeeded_is_not_cancelled(store: JobStore) -> None:
    job = running(store)
    with pytest.raises(JobError, match="is succeeded already"):
        meanwhile(store.database, ended(job.id), lambda: store.cancel(job.id))
    assert store.get(job.id).state == JobState.SUCCEEDED


@pytest.mark.parametrize("again", [JobStore.resume, JobStore.retry])
def test_a_job_is_started_again_once(store: JobStore, again: Callable[[JobStore, str], Job]) -> None:
    job = failed(store)
    job.work.mkdir(parents=True)
    (job.work / "checkpoint").write_text("from the other start")
    with store.database.write() as connection:
        connection.execute(insert(JOB_METRICS).values(job_id=job.id, series="loss", step=1, value=0.5))
    with pytest.raises(JobError, match="is running"):
        meanwhile(store.database, sets(job.id, state=JobState.RUNNING, attempt=2), lambda: again(store, job.id))
    assert (store.get(job.id).state, store.get(job.id).attempt) == (JobState.RUNNING, 2)
    assert store.metrics(job.id) == {"loss": [(1, 0.5)]} and (job.work / "checkpoint").exists()


def test_a_job_that_was_started_again_is_not_deleted(store: JobStore) -> None:
    job = failed(store)
    with pytest.raises(JobError, match="cancel it first"):
        meanwhile(store.database, sets(job.id, state=JobState.QUEUED), lambda: store.delete(job.id))
    assert store.get(job.id).state == JobState.QUEUED


def test_a_waiting_job_is_claimed_once(store: JobStore) -> None:
    job, _ = store.submit("train", "Training", {}, "training")
    taken = sets(job.id, state=JobState.RUNNING, attempt=1, device="cuda:0")
    assert meanwhile(store.database, taken, lambda: claim(store, "cuda:1")) is None
    assert (store.get(job.id).device, store.get(job.id).attempt) == ("cuda:0", 1)


def test_a_waiting_job_that_was_cancelled_is_not_claimed(store: JobStore) -> None:
    job, _ = store.submit("train", "Training", {}, "training")
    assert meanwhile(store.database, sets(job.id, state=JobState.CANCELLED), lambda: claim(store, "cpu")) is None
    assert store.get(job.id).state == JobState.CANCELLED


def test_a_running_job_hears_that_it_was_cancelled(store: JobStore) -> None:
    job = running(store)
    assert not meanwhile(
        store.database, sets(job.id, cancel_requested=True), lambda: Lease(store, job.id, 1).beat({}, ())
    )
    job = store.get(job.id)
    assert meanwhile(store.database, sets(job.id, message="being stopped"), Lease(store, job.id, 1).give_up)
    assert store.get(job.id).state == JobState.CANCELLED


def test_a_start_that_was_overtaken_writes_nothing(store: JobStore) -> None:
    job = running(store)
    lease, points = Lease(store, job.id, 1), [Point("loss", 1, 9.0)]
    assert not meanwhile(store.database, sets(job.id, attempt=2), lambda: lease.beat({"stage": "old"}, points))
    for end in (partial(lease.succeed, {}, []), partial(lease.fail, "old"), lease.give_up):
        assert not meanwhile(store.database, sets(job.id, message="new"), end)
    after = store.get(job.id)
    assert (after.state, after.message, after.stage, store.metrics(job.id)) == (JobState.RUNNING, "new", "", {})


def test_the_same_work_and_the_same_name_are_asked_for_once(store: JobStore) -> None:
    first, _ = store.submit("train", "Training", {}, "training", reserves="mine")
    with store.database.write() as connection:
        row = dict(connection.execute(select(JOBS).where(JOBS.c.id == first.id)).mappings().one())
        connection.execute(delete(JOBS))

    def asked(connection: Connection) -> None:
        connection.execute(insert(JOBS).values(row))

    found, new = meanwhile(store.database, asked, lambda: store.submit("train", "Training", {}, "training"))
    assert (found.id, new) == (first.id, False)
    with store.database.write() as connection:
        connection.execute(delete(JOBS))
    with pytest.raises(InputError, match="Choose another name"):
        meanwhile(store.database, asked, lambda: store.submit("train", "Other", {"name": "mine"}, "x", reserves="mine"))


def test_a_retry_that_cannot_be_stored_leaves_the_work_to_go_on_from(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = failed(store)
    job.work.mkdir(parents=True)
    (job.work / "checkpoint").write_text("far")
    as_usual = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path == job.journal_path:
            raise PermissionError(13, "Permission denied")
        return as_usual(path, target)

    job.journal_path.write_text("")
    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(Exception, match="Permission denied"):
        store.retry(job.id)
    assert store.get(job.id).state == JobState.FAILED and (job.work / "checkpoint").read_text() == "far"


def test_who_has_seen_the_last_end_of_a_job_has_seen_the_first(store: JobStore) -> None:
    first = failed(store)
    with store.database.write() as connection:
        sets(first.id, attempt=2, ended_at=utc_now())(connection)

    def later(connection: Connection) -> None:
        connection.execute(insert(JOB_LOOKS).values(researcher="", job_id=first.id, attempt=2))

    meanwhile(store.database, later, lambda: look_at(store, "", [first]))
    assert unseen(store, "") == []


def test_a_job_that_was_deleted_in_the_meantime_is_no_news(store: JobStore) -> None:
    job = failed(store)
    meanwhile(
        store.database,
        lambda connection: connection.execute(delete(JOBS).where(JOBS.c.id == job.id)),
        lambda: look_at(store, "", [job]),
    )
    assert unseen(store, "") == []
