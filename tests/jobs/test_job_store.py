"""What may be asked of a job in each state."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from bcos_core.errors import JobError, NotFiniteError
from bcos_core.home import Home
from bcos_core.jobs.claims import Loss, claim, settle
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import Job, JobState, JobStore


def submit(store: JobStore, key: str = "k") -> Job:
    job, _ = store.submit("train", "Train MiniLM", {"model": "minilm", "rate": 1e-4}, key)
    return job


def start(store: JobStore) -> tuple[Job, Lease]:
    """The oldest waiting job, running in this process."""
    job = claim(store, "cpu")
    assert job is not None
    lease = Lease(store, job.id, job.attempt)
    assert lease.begin(ProcessId.current())
    return store.get(job.id), lease


def test_a_new_job_waits_with_all_that_was_asked(store: JobStore, home: Home) -> None:
    before = datetime.now(UTC)
    job = submit(store)
    assert (job.state, job.kind, job.title) == (JobState.QUEUED, "train", "Train MiniLM")
    assert job.spec == {"model": "minilm", "rate": 1e-4}
    assert job.active and job.attempt == 0 and job.progress is None and job.result is None
    assert before <= job.created_at <= datetime.now(UTC) and job.created_at.utcoffset() == timedelta(0)
    assert job.folder == home.jobs / job.id
    assert store.get(job.id) == job


def test_the_same_key_gives_the_active_job(store: JobStore) -> None:
    job = submit(store)
    again, is_new = store.submit("train", "Other title", {}, "k")
    assert (again, is_new) == (job, False)
    _, lease = start(store)
    assert store.submit("train", "", {}, "k")[0].id == job.id
    lease.fail("It failed.")
    another, is_new = store.submit("train", "", {}, "k")
    assert is_new and another.id != job.id


def test_jobs_start_oldest_first_and_list_newest_first(store: JobStore) -> None:
    first, second = submit(store, "1"), submit(store, "2")
    assert [job.id for job in store.list()] == [second.id, first.id]
    started, lease = start(store)
    assert started.id == first.id
    lease.succeed({}, [], [])
    assert [job.id for job in store.list(active=True)] == [second.id]
    assert [job.id for job in store.list(active=False)] == [first.id]
    assert len(store.list(limit=1)) == 1


def test_success_keeps_the_result(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    assert job.state == JobState.RUNNING and job.pid == os.getpid() and job.attempt == 1 and job.started_at
    with pytest.raises(NotFiniteError, match="at loss is nan"):
        lease.succeed({"accuracy": 0.8, "loss": math.nan}, ["/models/a"])
    assert store.get(job.id).state == JobState.RUNNING
    assert lease.succeed({"accuracy": 0.8, "loss": None}, ["/models/a"])
    job = store.get(job.id)
    assert (job.state, job.progress, job.pid, job.active) == (JobState.SUCCEEDED, 1.0, None, False)
    assert job.result == {"accuracy": 0.8, "loss": None} and job.artefacts == ("/models/a",)
    assert job.ended_at is not None and job.started_at is not None and job.ended_at >= job.started_at


def test_old_jobs_of_a_kind_are_found_behind_any_number_of_others(store: JobStore) -> None:
    old, _ = store.submit("evaluate", "", {}, "the evaluation")
    with store.database.write() as connection:
        row = dict(connection.execute(select(JOBS).where(JOBS.c.id == old.id)).mappings().one())
        later = {"created_at": row["created_at"] + timedelta(seconds=1), "kind": "train", "state": "failed"}
        connection.execute(insert(JOBS), [{**row, **later, "id": f"j{n}", "key": f"k{n}"} for n in range(250)])
    assert [job.id for job in store.list(kind="evaluate")] == [old.id] == [job.id for job in store.list(active=True)]
    assert [job.id for job in store.list(key="the evaluation")] == [old.id]
    assert store.find(old.id) == store.get(old.id) and store.find("nobody") is None
    assert len(store.list()) == 251 and store.get(old.id).state == JobState.QUEUED
    pages = [store.list(limit=100, after=start) for start in (0, 100, 200)]
    assert [job for page in pages for job in page] == list(store.list()) and len(pages[2]) == 51


def test_an_unknown_job_is_an_error_that_says_so(store: JobStore) -> None:
    for ask in (store.get, store.cancel, store.resume, store.retry, store.delete, store.metrics, store.log_tail):
        with pytest.raises(JobError, match="There is no job 'nobody'"):
            ask("nobody")


def test_cancelling_a_waiting_job_ends_it(store: JobStore) -> None:
    job = store.cancel(submit(store).id)
    assert job.state == JobState.CANCELLED and job.ended_at is not None
    assert claim(store, "cpu") is None
    with pytest.raises(JobError, match="cancelled already"):
        store.cancel(job.id)


def test_cancelling_a_running_job_asks_it_to_stop(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    assert lease.beat({}) is True
    assert store.cancel(job.id).cancel_requested
    assert store.get(job.id).state == JobState.RUNNING
    assert lease.beat({}) is False
    assert lease.give_up()
    assert store.get(job.id).state == JobState.CANCELLED


def test_stopping_without_a_request_puts_it_back_in_the_queue(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    lease.give_up()
    job = store.get(job.id)
    assert job.state == JobState.QUEUED and job.crashes == 0 and "goes on" in job.message


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_resume_keeps_work_and_curves(store: JobStore, end: str) -> None:
    submit(store)
    job, lease = start(store)
    job.work.mkdir(parents=True)
    (job.work / "checkpoint").write_text("half")
    lease.beat({"stage": "Training", "stage_index": 1, "stage_count": 2}, [Point("loss", 1, 0.5)])
    if end == "cancel":
        store.cancel(job.id)
        lease.give_up()
    else:
        lease.fail("The disk is full.")
        assert store.get(job.id).message == "The disk is full."
    job = store.resume(job.id)
    assert (job.state, job.message, job.cancel_requested, job.ended_at) == (JobState.QUEUED, "", False, None)
    assert (job.work / "checkpoint").read_text() == "half"
    assert store.metrics(job.id) == {"loss": [(1, 0.5)]}
    assert start(store)[0].attempt == 2


def test_retry_begins_from_nothing(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    job.work.mkdir(parents=True)
    (job.work / "checkpoint").write_text("half")
    job.journal_path.write_text('["loss", 9, 0.1]\n')
    job.log_path.write_text("what happened\n")
    lease.beat({"stage": "Training", "stage_index": 1, "stage_count": 2, "progress": 0.7}, [Point("loss", 1, 0.5)])
    lease.succeed({"a": 1}, ["x"], [])
    job = store.retry(job.id)
    assert (job.state, job.stage, job.progress, job.result, job.artefacts) == (JobState.QUEUED, "", None, None, ())
    assert sorted(path.name for path in job.folder.iterdir()) == ["job.log"]
    assert store.metrics(job.id) == {}


def test_what_does_not_fit_the_state_is_refused(store: JobStore) -> None:
    job = submit(store)
    for ask in (store.resume, store.retry, store.delete):
        with pytest.raises(JobError, match="is queued"):
            ask(job.id)
    _, lease = start(store)
    for ask in (store.resume, store.retry, store.delete):
        with pytest.raises(JobError, match="is running"):
            ask(job.id)
    lease.succeed({}, [], [])
    with pytest.raises(JobError, match="is succeeded; only a failed or cancelled one"):
        store.resume(job.id)


def test_a_job_cannot_go_on_beside_one_that_does_the_same(store: JobStore) -> None:
    job = store.cancel(submit(store).id)
    submit(store)
    for ask in (store.resume, store.retry):
        with pytest.raises(JobError, match="doing the same work already"):
            ask(job.id)
    assert store.get(job.id).state == JobState.CANCELLED


def test_delete_removes_row_curves_and_folder(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    job.work.mkdir(parents=True)
    lease.beat({}, [Point("loss", 1, 0.5)])
    model = store.home.models / "made"
    model.mkdir()
    lease.succeed({}, [str(model)], [])
    store.delete(job.id)
    assert not store.list() and list(store.home.jobs.iterdir()) == []
    with store.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM job_metrics").scalar() == 0
    assert model.exists()


def test_delete_with_artefacts_stays_within_home(store: JobStore, tmp_path: Path) -> None:
    outside = tmp_path / "mine.txt"
    outside.write_text("keep")
    made, model = store.home.evaluations / "made", store.home.models / "model"
    for folder in (made, model):
        folder.mkdir()
    (store.home.evaluations / "link").symlink_to(outside)
    submit(store)
    job, lease = start(store)
    artefacts = [made, model, outside, store.home.models, store.home.root, store.home.evaluations / "link"]
    lease.succeed({}, [str(path) for path in artefacts], [])
    store.delete(job.id, artefacts=True)
    assert not made.exists() and model.is_dir()  # a study may need a model: the shelf asks
    assert outside.read_text() == "keep" and store.home.models.is_dir() and store.list().found == ()


def test_a_point_told_twice_is_one_point(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    lease.beat({}, [Point("loss", 2, 0.4), Point("loss", 1, 0.5), Point("acc", 1, math.nan)])
    lease.beat({}, [Point("loss", 2, 0.3), Point("loss", 2, 0.2)])
    curves = store.metrics(job.id)
    assert curves["loss"] == [(1, 0.5), (2, 0.2)]
    assert math.isnan(curves["acc"][0][1])


def test_a_start_that_was_taken_over_changes_nothing(store: JobStore) -> None:
    submit(store)
    job, old = start(store)
    settle(store, job, "it was ended by SIGKILL")
    _, new = start(store)
    assert not old.begin(ProcessId.current())
    assert not old.fail("no") and not old.give_up() and not old.succeed({}, [], [])
    assert old.beat({"stage": "old"}, [Point("loss", 1, 9.0)]) is False
    job = store.get(job.id)
    assert (job.state, job.attempt, job.stage, store.metrics(job.id)) == (JobState.RUNNING, 2, "", {})
    assert new.succeed({}, [], [])


def test_the_third_crash_is_the_last(store: JobStore) -> None:
    job = submit(store)
    for crashes, state in ((1, JobState.QUEUED), (2, JobState.QUEUED), (3, JobState.FAILED)):
        settle(store, start(store)[0], "it was ended by SIGKILL")
        assert (store.get(job.id).crashes, store.get(job.id).state) == (crashes, state)
    assert store.get(job.id).message.startswith("Started 3 times")
    assert "the last time it was ended by SIGKILL." in store.get(job.id).message
    assert store.resume(job.id).crashes == 0


def test_settling_a_job_that_has_moved_on_does_nothing(store: JobStore) -> None:
    submit(store)
    seen_running, lease = start(store)
    lease.succeed({}, [], [])
    settle(store, seen_running, "it was ended by SIGKILL")
    assert store.get(seen_running.id).state == JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("loss", "state", "crashes", "message"),
    [
        (Loss.HOPELESS, JobState.FAILED, 0, "it was ended by SIGKILL"),
        (Loss.INTERRUPTED, JobState.QUEUED, 0, "Interrupted; goes on when a supervisor runs."),
        (Loss.CRASH, JobState.QUEUED, 1, "Starts again: it was ended by SIGKILL."),
        (Loss.FORGOTTEN, JobState.QUEUED, 1, "Starts again: it was ended by SIGKILL."),
    ],
)
def test_a_dead_process_by_how_it_died(
    store: JobStore, loss: Loss, state: JobState, crashes: int, message: str
) -> None:
    submit(store)
    job, _ = start(store)
    settle(store, job, "it was ended by SIGKILL", loss)
    job = store.get(job.id)
    assert (job.state, job.crashes, job.message) == (state, crashes, message)


@pytest.mark.parametrize(("loss", "crashes"), [(Loss.CRASH, 1), (Loss.FORGOTTEN, 0)])
def test_a_start_that_had_not_begun_and_was_forgotten_is_no_crash(store: JobStore, loss: Loss, crashes: int) -> None:
    submit(store)
    job = claim(store, "cpu")
    assert job is not None
    settle(store, job, "its machine was lost", loss)
    job = store.get(job.id)
    assert (job.state, job.crashes, job.message) == (JobState.QUEUED, crashes, "Starts again: its machine was lost.")


def test_a_dead_process_that_was_being_cancelled_is_cancelled(store: JobStore) -> None:
    submit(store)
    job, _ = start(store)
    store.cancel(job.id)
    settle(store, job, "it was ended by SIGKILL")  # `job` was read before the request
    assert store.get(job.id).state == JobState.CANCELLED


def test_cancelling_a_job_whose_process_is_gone_needs_no_supervisor(store: JobStore) -> None:
    submit(store)
    job, lease = start(store)
    lease._update(pid=2**22 + 1)  # above the largest number that Linux gives
    assert store.cancel(job.id).state == JobState.CANCELLED


def test_ids_are_readable_and_sorted_by_time(store: JobStore) -> None:
    job = submit(store)
    day, time_of_day, random = job.id.split("-")
    assert f"{day}{time_of_day}" == f"{job.created_at:%Y%m%d%H%M%S}" and len(random) == 4
