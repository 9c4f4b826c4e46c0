"""What nothing uses goes, and nothing else: each kind beside something of its kind that is used."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bcos_core.access.actor import Actor, Mode, Role
from bcos_core.cli.main import main
from bcos_core.errors import NotAllowedError, StorageError, UnknownNameError
from bcos_core.jobs.claims import claim
from bcos_core.jobs.job import JobState
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import Job, JobStore
from bcos_core.operations import clean
from bcos_core.operations.clean import KINDS, find, remove
from bcos_core.storage.audit import entries
from bcos_core.storage.collections import Collections
from bcos_core.storage.database import Database
from bcos_core.storage.stored_files import note_stored, stored_by
from bcos_core.storage.types import utc_now
from bcos_core.text.kept import keep_text, read_text

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
    ann = store.acting(Actor("ann", "Ann", Role.RESEARCHER, Mode.PASSWORD)).database
    for folder in (by_job, by_no_one):
        note_stored(ann, store.home, folder)
    assert [one.path for one in remove(store, find(store, kinds=["uploads"]))] == [by_no_one]
    with store.database.read() as connection:
        assert stored_by(connection, store.home, "ann") == [by_job]


def test_long_texts_that_no_pin_names(store: JobStore, ended: Ended) -> None:
    ended("done", JobState.SUCCEEDED, days_ago=1)
    texts = [keep_text(store.home, f"A long text, the {number}th.") for number in range(3)]
    for path, days in zip(texts, (100, 100, 80), strict=True):
        os.utime(path, (time.time() - days * DAY,) * 2)
    Collections(store.database).pin("mine", "A text.", screen=f"text=&kept={texts[0].stem}&model=x")
    assert paths(store, "texts") == {texts[1]}
    assert paths(store, "texts", older_than=timedelta(days=70)) == {texts[1], texts[2]}
    assert [one.path for one in remove(store, find(store, kinds=["texts"]))] == [texts[1]]
    assert read_text(store.home, texts[0].stem) == "A long text, the 0th." and not texts[1].exists()


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


def test_a_full_disk_is_cleaned(store: JobStore, ended: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log takes no row there before something has gone; it has one then."""
    job, other = (ended(name, JobState.SUCCEEDED, days_ago=1) for name in ("done", "other"))
    permit, rows = clean.permit, len(entries(store.database))

    def full(database: Database, *what: Any) -> None:
        if job.work.exists() and other.work.exists():
            raise StorageError("The database cannot be used (database or disk is full).")
        permit(database, *what)

    monkeypatch.setattr(clean, "permit", full)
    gone = remove(store, find(store, kinds=["work"]))
    assert {one.path for one in gone} == {job.work, other.work} and not job.work.exists()
    assert [one.subject for one in entries(store.database)[: len(entries(store.database)) - rows]] == ["clean-up"]
    assert len((store.home.root / "cleaned.log").read_text().splitlines()) == 2


def test_a_full_disk_of_which_nothing_can_go_is_said(
    store: JobStore, ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise StorageError("The database cannot be used (database or disk is full).")

    monkeypatch.setattr(clean, "permit", full)
    job = ended("done", JobState.SUCCEEDED, days_ago=1)
    found = find(store, kinds=["work"])
    store.home.jobs.joinpath(job.id, "work").rename(store.home.root / "elsewhere")
    with pytest.raises(StorageError, match="disk is full"):
        remove(store, found)
    store.home.root.joinpath("elsewhere").rename(job.work)
    assert remove(store, []) == []
    viewer = JobStore(store.home, store.database.acting(Actor("1", "Vic", Role.VIEWER, Mode.PASSWORD)))
    with pytest.raises(NotAllowedError):
        remove(viewer, find(store, kinds=["work"]))
    assert job.work.is_dir()


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
