"""`jobs`: each action, and what it answers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

import pytest
from sqlalchemy import update

from bcos_core.cli.main import main
from bcos_core.jobs.claims import claim
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import Job, JobState, JobStore


@pytest.fixture
def job(store: JobStore) -> Job:
    return store.submit("train", "Train MiniLM", {"model": "minilm"}, "k")[0]


@pytest.fixture
def lease(store: JobStore, job: Job) -> Lease:
    """The job, running in this process."""
    claim(store, "cpu")
    lease = Lease(store, job.id, attempt=1)
    lease.begin(ProcessId.current())
    return lease


def ask(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    assert main(["jobs", *words, "--json"]) == code
    answer: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
    return answer


def say(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["jobs", *words]) == 0
    return capsys.readouterr().out


def test_list(store: JobStore, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    answer = ask(capsys, "list")
    assert [entry["id"] for entry in answer["jobs"]] == [job.id] and answer["supervisor_alive"] is False
    assert answer["jobs"][0]["state"] == "queued" and answer["jobs"][0]["spec"] == {"model": "minilm"}
    store.cancel(job.id)
    assert ask(capsys, "list", "--active")["jobs"] == []
    assert say(capsys, "list").splitlines()[1].split() == [job.id, "cancelled", "Train", "MiniLM"]


def test_list_of_nothing_says_how_to_begin(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    assert "quickstart" in say(capsys, "list")


def test_show(job: Job, lease: Lease, capsys: pytest.CaptureFixture[str]) -> None:
    columns = {"stage": "Training", "stage_index": 0, "stage_count": 2, "progress": 0.256, "eta_seconds": 42.0}
    lease.beat({**columns, "late": True}, [Point("loss", 3, 0.5)])
    answer = ask(capsys, "show", job.id)
    assert answer["job"]["progress"] == 0.256 and answer["metrics"] == {"loss": [[3, 0.5]]}
    text = say(capsys, "show", job.id)
    assert "running: Training · 26 % · about 40 s left, longer than expected" in text and "loss 0.5 at step 3" in text


def test_a_waiting_job_without_a_supervisor_says_so(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert "supervise" in ask(capsys, "show", job.id)["hint"]
    assert "supervise" in say(capsys, "show", job.id)


def test_a_waiting_job_says_where_it_stands(store: JobStore, capsys: pytest.CaptureFixture[str]) -> None:
    store.submit("train", "First", {}, "1", expected_seconds=90.0)
    second, _ = store.submit("train", "Second", {}, "2")
    line = {"position": 2, "after": "First", "seconds": 90.0, "words": "2nd in line, after “First”, about 2 min"}
    assert ask(capsys, "show", second.id)["job"]["line"] == line
    assert "queued: 2nd in line, after “First”, about 2 min" in say(capsys, "list")


def test_cancel_resume_retry_delete(store: JobStore, job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask(capsys, "cancel", job.id)["job"]["state"] == "cancelled"
    assert "nothing to cancel" in ask(capsys, "cancel", job.id, code=1)["error"]["message"]
    assert ask(capsys, "resume", job.id)["job"]["state"] == "queued"
    store.cancel(job.id)
    assert ask(capsys, "retry", job.id)["job"]["state"] == "queued"
    assert "cancel it first" in ask(capsys, "delete", job.id, code=1)["error"]["message"]
    store.cancel(job.id)
    assert ask(capsys, "delete", job.id) == {"deleted": job.id, "trash": None, "models": []}
    assert "There is no job" in ask(capsys, "show", job.id, code=1)["error"]["message"]


def test_log(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    assert say(capsys, "log", job.id) == "\n"
    job.folder.mkdir()
    job.log_path.write_text("one\ntwo\nthree\n")
    assert say(capsys, "log", job.id, "--lines", "2") == "two\nthree\n"
    assert ask(capsys, "log", job.id) == {"id": job.id, "log": "one\ntwo\nthree"}


def test_wait_returns_the_finished_job(
    store: JobStore, job: Job, lease: Lease, capsys: pytest.CaptureFixture[str]
) -> None:
    timer = threading.Timer(0.5, lambda: lease.succeed({"accuracy": 0.8}, [], []))
    timer.start()
    answer = ask(capsys, "wait", job.id, "--timeout", "30")
    timer.join()
    assert answer["job"]["state"] == "succeeded" and answer["job"]["result"] == {"accuracy": 0.8}


def test_wait_fails_for_a_failed_job_and_for_one_that_takes_too_long(
    store: JobStore, job: Job, lease: Lease, capsys: pytest.CaptureFixture[str]
) -> None:
    message = ask(capsys, "wait", job.id, "--timeout", "0", code=1)["error"]["message"]
    assert "within 0 seconds; it is running" in message
    lease.fail("The disk is full.")
    assert store.get(job.id).state == JobState.FAILED
    assert "is failed. The disk is full." in ask(capsys, "wait", job.id, code=1)["error"]["message"]


def test_a_command_that_was_killed_can_be_resumed_without_a_dashboard(
    store: JobStore, capsys: pytest.CaptureFixture[str]
) -> None:
    job, _ = store.begin("train", "Train", {}, "k", ProcessId.current())
    assert [row["state"] for row in ask(capsys, "list")["jobs"]] == ["running"]  # this process lives
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(pid=child.pid, pid_started=1.0))
    assert [row["state"] for row in ask(capsys, "list")["jobs"]] == ["failed"]
    ask(capsys, "resume", job.id)
    assert store.get(job.id).state == JobState.QUEUED
