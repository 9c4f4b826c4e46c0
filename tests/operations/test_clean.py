"""What nothing uses goes, and nothing else: each kind beside something of its kind that is used."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bcos_core.cli.main import main
from bcos_core.errors import UnknownNameError
from bcos_core.jobs.claims import claim
from bcos_core.jobs.job import JobState
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import Job, JobStore
from bcos_core.operations import clean
from bcos_core.operations.clean import KINDS, find, remove
from bcos_core.storage.collections import Collections
from bcos_core.storage.types import utc_now

DAY = 24 * 3600


def written(path: Path, *, days_ago: float = 200, size: int = 10) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    then = time.time() - days_ago * DAY
    for one in (path, path.parent):
        os.utime(one, (then, then))
    return path


Ended = Callable[..., Job]


@pytest.fixture
def ended(store: JobStore) -> Ended:
    """A job that ended some days ago, with a log and work."""

    def make(name: str, state: JobState, *, days_ago: float, **spec: object) -> Job:
        job, _ = store.submit("evaluate", name, dict(spec), name)
        when = utc_now() - timedelta(days=days_ago)
        with store.database.write() as connection:
            row = {"state": state, "started_at": when, "ended_at": None if state in ("queued", "running") else when}
            connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(row))
        written(job.log_path, days_ago=days_ago)
        written(job.work / "checkpoint.bin", days_ago=days_ago, size=1000)
        return store.get(job.id)

    return make


def paths(store: JobStore, kind: str, **options: object) -> set[Path]:
    return {one.path for one in find(store, kinds=[kind], **options)}  # type: ignore[arg-type]


def test_work_of_jobs_that_are_done_and_of_no_others(store: JobStore, ended: Ended) -> None:
    done = ended("done", JobState.SUCCEEDED, days_ago=1)
    failed = ended("failed", JobState.FAILED, days_ago=1)
    old = ended("old", JobState.CANCELLED, days_ago=40)
    running = ended("running", JobState.RUNNING, days_ago=400)
    waiting = ended("waiting", JobState.QUEUED, days_ago=400)
    assert paths(store, "work") == {done.work}
    assert paths(store, "unfinished") == {old.work}
    assert paths(store, "unfinished", older_than=timedelta(0)) == {failed.work, old.work}
    (one,) = find(store, kinds=["work"])
    assert one.bytes == 1000 and done.id in one.why
    gone = remove(store, find(store, kinds=list(KINDS), older_than=timedelta(0)), older_than=timedelta(0))
    assert {one.path for one in gone} >= {done.work, failed.work, old.work}
    for job in (running, waiting):
        assert (job.work / "checkpoint.bin").is_file() and job.log_path.is_file()


def test_a_job_that_goes_on_between_looking_and_removing_keeps_its_work(store: JobStore, ended: Ended) -> None:
    job = ended("stopped", JobState.CANCELLED, days_ago=40)
    found = find(store, kinds=["unfinished"])
    assert [one.path for one in found] == [job.work]
    store.resume(job.id)
    assert remove(store, found) == [] and (job.work / "checkpoint.bin").is_file()
    started = claim(store, "cpu")
    assert started is not None and remove(store, found) == [] and job.work.is_dir()


def test_logs_by_their_age(store: JobStore, ended: Ended) -> None:
    old = ended("old", JobState.SUCCEEDED, days_ago=100)
    ended("young", JobState.SUCCEEDED, days_ago=80)
    rotated = written(store.home.root / "errors.log.1", days_ago=100)
    present = written(store.home.root / "errors.log", days_ago=100)
    assert paths(store, "logs") == {old.log_path, rotated}
    remove(store, find(store, kinds=["logs"]))
    assert not rotated.exists() and present.exists() and store.log_tail(old.id) == ""


def test_folders_of_no_job(store: JobStore, ended: Ended) -> None:
    job = ended("done", JobState.SUCCEEDED, days_ago=100)
    stray = written(store.home.jobs / "20200101-000000-abcd" / "job.log").parent
    aside = written(store.home.jobs / ".20200101-000000-abcd-0011" / "job.log").parent
    fresh = written(store.home.jobs / "20260101-000000-abcd" / "job.log", days_ago=0).parent
    assert paths(store, "jobless", older_than=timedelta(0)) == {stray, aside}
    assert fresh.is_dir() and job.folder.is_dir()


def test_another_database_by_mistake_takes_no_folders(store: JobStore) -> None:
    written(store.home.jobs / "20200101-000000-abcd" / "job.log")
    written(store.home.uploads / "0123456789abcdef" / "file.csv")
    assert find(store) == []


def test_uploads_that_nothing_names(store: JobStore, ended: Ended) -> None:
    def upload(digits: str) -> Path:
        return written(store.home.uploads / (digits * 16) / "file.csv").parent

    by_job, by_model, by_pin, by_no_one = upload("a"), upload("b"), upload("c"), upload("d")
    young = written(store.home.uploads / ("e" * 16) / "file.csv", days_ago=3).parent
    ended("done", JobState.SUCCEEDED, days_ago=100, data=str(by_job / "file.csv"))
    model = store.home.models / "mine" / "bcos.json"
    model.parent.mkdir()
    model.write_text(json.dumps({"task": {"path": str(by_model / "file.csv")}}))
    # In an address the name follows other digits.
    Collections(store.database).pin("mine", "A text.", screen=f"file=2f{by_pin.name}%2ffile.csv")
    assert paths(store, "uploads") == {by_no_one}
    assert paths(store, "uploads", older_than=timedelta(0)) == {by_no_one, young}


def test_files_that_cannot_be_read_may_name_any_upload(
    store: JobStore, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended("done", JobState.SUCCEEDED, days_ago=100)
    folder = written(store.home.uploads / ("d" * 16) / "file.csv").parent
    (store.home.evaluations / "large").mkdir()
    (store.home.evaluations / "large" / "result.json").write_text("[" + "0," * 100 + "0]")
    assert paths(store, "uploads") == {folder}
    monkeypatch.setattr(clean, "LARGEST_NAMING_FILE", 100)
    assert paths(store, "uploads") == set()


def test_half_written_folders_wait_until_nothing_runs(store: JobStore, ended: Ended) -> None:
    cut = written(store.home.models / ".mine.0011" / "model.safetensors").parent
    whole = written(store.home.models / "mine" / "model.safetensors").parent
    young = written(store.home.evaluations / ".new.0011" / "result.json", days_ago=0.5).parent
    assert paths(store, "half-written") == {cut}
    ended("running", JobState.RUNNING, days_ago=1)
    assert paths(store, "half-written") == set()
    assert whole.is_dir() and young.is_dir()


def test_models_that_can_be_made_again_wait_until_no_job_may_read_them(store: JobStore, ended: Ended) -> None:
    made = written(store.home.embedded / "smollm2-0011" / "model.safetensors").parent
    assert paths(store, "embedded") == {made} and made not in {one.path for one in find(store)}  # only if named
    ended("waiting", JobState.QUEUED, days_ago=1)
    assert paths(store, "embedded") == set()


def test_each_removal_is_written_down_and_is_whole(store: JobStore, ended: Ended) -> None:
    first = ended("first", JobState.SUCCEEDED, days_ago=1)
    ended("second", JobState.SUCCEEDED, days_ago=1)
    gone = remove(store, find(store))
    lines = [json.loads(line) for line in (store.home.root / clean.LOG).read_text().splitlines()]
    assert [line["path"] for line in lines] == [str(one.path) for one in gone] and len(lines) == 2
    assert lines[0]["kind"] == "work" and lines[0]["bytes"] == "1000"
    assert not first.work.exists() and not list(first.folder.glob(".*"))
    assert find(store) == []


def test_no_link_is_followed(store: JobStore, ended: Ended, tmp_path: Path) -> None:
    outside = written(tmp_path / "outside" / "file.bin", size=5000)
    job = ended("done", JobState.SUCCEEDED, days_ago=1)
    (job.work / "link").symlink_to(outside.parent)
    other = ended("other", JobState.SUCCEEDED, days_ago=1)
    (other.work / "checkpoint.bin").unlink()
    other.work.rmdir()
    other.work.symlink_to(outside.parent)
    (one,) = find(store, kinds=["work"])
    assert one.path == job.work and one.bytes == 1000
    remove(store, [one])
    assert outside.is_file()


def test_an_unknown_kind_is_refused(store: JobStore) -> None:
    with pytest.raises(UnknownNameError, match="Known: embedded, half-written"):
        find(store, kinds=["models"])


def test_the_command_lists_first(store: JobStore, ended: Ended, capsys: pytest.CaptureFixture[str]) -> None:
    job = ended("done", JobState.SUCCEEDED, days_ago=1)
    assert main(["clean", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert str(job.work) in said and "1 thing, 1 kB would be removed. Nothing was." in said and job.work.is_dir()
    assert main(["clean", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bytes"] == 1000 and not job.work.exists()
    assert main(["clean"]) == 0 and "nothing to remove" in capsys.readouterr().out
    assert main(["clean", "--older-than", "-1"]) == 2
    assert main(["clean", "--kinds", "everything"]) == 2
