"""Jobs: what the list and one job show, and what can be done in each state."""

from __future__ import annotations

import platform

import pytest
from streamlit.testing.v1 import AppTest
from tiny_pair import save_pair

from bcos_core.home import Home
from bcos_core.jobs.claims import claim, tell_running
from bcos_core.jobs.job import Job
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.store import JobState, JobStore
from bcos_core.shelf.trash import trashed
from bcos_core.study.studies import Studies
from pages.widgets.plain import plain
from tests.pages.conftest import OpenPage, RunningJob, button, words


def labels(at: AppTest) -> set[str]:
    return {candidate.label for candidate in at.button}


def test_without_a_job_the_page_leads_to_training(open_page: OpenPage) -> None:
    at = open_page("jobs")
    button(at, "Train a model").click().run()
    assert at.title[0].value == "Train"


def test_the_address_chooses_the_job(open_page: OpenPage, store: JobStore) -> None:
    first, _ = store.submit("train", "The first one", {}, "one")
    store.submit("train", "The second one", {}, "two")

    at = open_page("jobs", job=first.id)
    assert at.header[0].value == "The first one"

    at.query_params.clear()
    assert at.run().header[0].value == "The second one"


def test_a_job_that_does_not_exist_is_told_without_a_stack_trace(open_page: OpenPage, store: JobStore) -> None:
    store.submit("train", "A job", {}, "one")
    at = open_page("jobs", job="nothing")
    assert "There is no job" in words(at) and not at.exception


def test_a_running_job_shows_its_stage_and_can_only_be_cancelled(
    open_page: OpenPage, running_job: RunningJob, store: JobStore
) -> None:
    job, lease = running_job("train", "Tweets")
    progress = {"stage": "Scoring the B-cos model", "stage_index": 3, "stage_count": 6, "progress": 0.6}
    lease.beat({**progress, "eta_seconds": 120.0}, [Point("bcos/loss: binary cross-entropy", 1, 0.5)])
    job.folder.mkdir(parents=True, exist_ok=True)
    job.log_path.write_text("a line of the log\n", encoding="utf-8")

    at = open_page("jobs")

    assert "Scoring the B-cos model" in words(at) and "2 min left" in words(at)
    assert any("a line of the log" in code.value for code in at.code)
    assert labels(at).isdisjoint({"Resume", "Retry", "Delete"})

    button(at, "Cancel").click().run()
    assert store.get(job.id).cancel_requested
    assert button(at, "Cancel").disabled


def test_a_job_whose_process_is_gone_is_not_said_to_run(
    open_page: OpenPage, running_job: RunningJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, lease = running_job("train", "Tweets")
    lease.beat({"stage": "Scoring the B-cos model", "stage_count": 6, "progress": 0.6, "eta_seconds": 120.0}, [])
    monkeypatch.setattr(Job, "seems_alive", lambda job: False)

    at = open_page("jobs")

    assert "Interrupted" in words(at) and "Running" not in words(at)
    assert "left" not in words(at)  # nobody works on it, so no time is promised
    assert "Jobs are paused" in words(at)


def test_a_failed_job_shows_its_message_as_text_and_goes_on_or_begins_anew(
    open_page: OpenPage, running_job: RunningJob, store: JobStore
) -> None:
    job, lease = running_job("train", "<script>alert(1)</script>")
    lease.fail("Out of memory <script>alert(1)</script>. Choose a smaller batch.")

    at = open_page("jobs")

    assert "\\<script\\>" in at.error[0].value and "\\<script\\>" in at.header[0].value
    assert {"Resume", "Retry", "Delete"} <= labels(at)
    button(at, "Resume").click().run()
    assert store.get(job.id).state == JobState.QUEUED


def test_deleting_asks_first_and_can_take_the_models_along(
    open_page: OpenPage, running_job: RunningJob, store: JobStore, home: Home
) -> None:
    _, lease = running_job("train", "Tweets")
    pair = save_pair(home)
    lease.succeed({}, [str(path) for path in pair])
    studies = Studies(store.database)
    study = studies.create("Which is clearer?", {"conditions": [{"checkpoint": str(pair[0])}], "tries": 5})
    studies.lock(study, {"design": study.design}, "f" * 64)

    at = open_page("jobs")
    at.checkbox[0].check().run()
    assert len(store.list()) == 1 and pair[0].is_dir()
    assert any("needs tiny" in one.value for one in at.error) and button(at, "Delete").disabled

    studies.delete(study.id)
    at.run()
    button(at, "Delete").click().run()
    assert not store.list() and not any(path.exists() for path in pair)
    said = [one.value.replace("\\", "") for one in at.success]
    assert len(said) == 1 and said[0].startswith("Deleted: Tweets. Moved to the trash") and "tiny-bcos" in said[0]
    assert [model.path.name for model in trashed(home).found[0].models] == [path.name for path in pair]


def test_a_waiting_job_says_where_it_stands_and_can_be_cancelled_in_the_list(
    open_page: OpenPage, running_job: RunningJob, store: JobStore
) -> None:
    store.submit("lab", "Planted *truth*", {}, "a", expected_seconds=300.0)
    started = claim(store, "cpu")
    assert started is not None
    Lease(store, started.id, 1).beat({"stage": "S", "stage_index": 0, "stage_count": 1, "eta_seconds": 240.0})
    between, _ = store.submit("train", "B", {}, "b", expected_seconds=120.0)
    waiting, _ = store.submit("train", "C", {}, "c")

    at = open_page("jobs", job=between.id)
    assert "Next in line, after *Planted *truth**, about 4 min." in words(at)
    rows = {candidate.key: candidate.label for candidate in at.button}
    assert "2nd in line, after “B”, about 6 min" in rows[f"open-{waiting.id}"]
    assert {job.id for job in store.list()} == {key[7:-5] for key in rows if key.endswith("-True")}

    at.button(key=f"cancel-{waiting.id}-True").click().run()
    assert store.get(waiting.id).state == JobState.CANCELLED
    assert not [key for key in (candidate.key for candidate in at.button) if key == f"cancel-{waiting.id}-True"]


def test_a_job_that_takes_longer_says_so(open_page: OpenPage, running_job: RunningJob) -> None:
    _, lease = running_job("train", "Tweets")
    lease.beat({"stage": "S", "stage_count": 2, "progress": 0.6, "eta_seconds": 120.0, "late": True}, [])
    assert "about 2 min left, longer than expected" in words(open_page("jobs"))


def test_the_time_of_a_job_that_trains_nothing_is_not_called_training(
    open_page: OpenPage, running_job: RunningJob
) -> None:
    _, lease = running_job("evaluate", "Evaluation")
    lease.succeed({"seconds": 195.0}, [])
    at = open_page("jobs")
    assert {metric.label: metric.value for metric in at.metric} == {"Time": "3 min 15 s"}
    assert "The whole job" in words(at) and "train" not in words(at)


def test_the_list_begins_with_what_runs_and_says_what_can_be_done(
    open_page: OpenPage, running_job: RunningJob, store: JobStore
) -> None:
    ended, _ = store.submit("train", "Ended", {}, "ended")
    store.cancel(ended.id)
    running, _ = running_job("train", "Running")
    waiting = [store.submit("train", name, {}, name)[0] for name in ("First", "Second")]
    at = open_page("jobs", job=ended.id)
    rows = [candidate.key for candidate in at.button if str(candidate.key).startswith("open-")]
    assert rows == [f"open-{job.id}" for job in (running, *waiting, ended)]
    assert "Resume" in words(at) and "goes on from its last finished step" in words(at)
    assert "begins anew" in words(at)


def test_a_running_job_says_where_it_runs_and_what_it_waits_for(open_page: OpenPage, store: JobStore) -> None:
    job, _ = store.submit("train", "Tweets", {}, "one")
    claim(store, "ray:1", supervisor="lab *one*", executor="ray")
    claimed = store.get(job.id)
    tell_running(store, claimed, "Waits for room on the cluster: it wants 8 cores.")
    at = open_page("jobs")
    assert any(f"on {plain('lab *one*')}, {plain('ray:1')}" in caption.value for caption in at.caption)
    assert "Waits for room on the cluster: it wants 8 cores." in words(at)
    lease = Lease(store, job.id, claimed.attempt)
    assert lease.begin(ProcessId.current())  # its process tells where it is, and waits no more
    at.run()
    assert any(f"on {plain(platform.node())}, {plain('ray:1')}" in caption.value for caption in at.caption)
    assert "Waits for room" not in words(at)
