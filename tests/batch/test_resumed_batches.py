"""Stopped and gone on with: the files are those of an unbroken run, byte for byte; under anything else it is
refused."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from data_sets import TEXTS, asked, files, lines, run
from filelock import FileLock
from sqlalchemy import update
from tiny_pair import save_pair

from bcos_core.batch.folder import LOCK_FILE
from bcos_core.batch.job import BATCH
from bcos_core.batch.query import Query, Result
from bcos_core.batch.run import StoredBatch, run_batch
from bcos_core.batch.shards import shard_name
from bcos_core.cli.main import main
from bcos_core.errors import DataError, InputError, JobCancelled, StorageError
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.claims import claim
from bcos_core.jobs.job import JobState
from bcos_core.jobs.run import Start
from bcos_core.jobs.schema import JOBS
from bcos_core.jobs.store import JobStore
from bcos_core.progress import SilentReporter
from bcos_core.text.row_files import JsonLinesRows

KILLED = """
import os, signal, sys
from pathlib import Path
from bcos_core.batch import run
from bcos_core.batch.spec import BatchSpec
from bcos_core.progress import SilentReporter
from bcos_core.text.row_source import RowSource
checkpoint, data, folder = sys.argv[1:]
rename = Path.replace

def end():
    os.kill(os.getpid(), signal.SIGKILL)

class Killed(SilentReporter):
    most = 1e9
    def progress(self, done, total, part=""):
        if done >= self.most:
            end()

def killed_at(place):
    reporter, when, number = Killed(), *place
    if when == "rows":
        reporter.most = number
    left = [number]
    def replace(self, target):
        left[0] -= 1
        if when == "before" and left[0] < 0:
            end()
        rename(self, target)
        if when == "after" and left[0] < 0:
            end()
    Path.replace = replace
    spec = BatchSpec(checkpoint, ("bcos",), RowSource("file", data), "text", shard_rows=8)
    run.run_batch(spec, Path(folder, f"{when}-{number}"), reporter)

for place in [*(("rows", n) for n in (3, 8, 12, 16)), *((when, n) for when in ("before", "after") for n in range(5))]:
    child = os.fork()
    if not child:
        killed_at(place)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, place
"""


def test_a_run_that_is_killed_anywhere_goes_on_to_the_same_bytes(home: Home, tmp_path: Path) -> None:
    """Within shards and at their borders; before and after each file gets its name: the manifest, three shards, the
    summary."""
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    run(asked(folder, data), tmp_path / "whole")
    command = [sys.executable, "-c", KILLED, str(folder), data.name, str(tmp_path / "killed")]
    subprocess.run(command, env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, cwd=CHECKOUT, timeout=240, check=True)
    there = {}
    for killed in sorted((tmp_path / "killed").iterdir()):
        left = set(files(killed))
        there[killed.name] = len([name for name in left if name.startswith("part-")])
        if killed.name != "after-4":
            with pytest.raises(InputError):
                Result(killed)
        made = run(asked(folder, data), killed)
        assert files(killed) == files(tmp_path / "whole"), killed.name
        assert made.rows == 20 and made.here == max(0, 20 - 8 * there[killed.name])
    assert there == {
        **{"rows-3": 0, "rows-8": 0, "rows-12": 1, "rows-16": 1},
        **{f"before-{n}": min(3, max(0, n - 1)) for n in range(5)},
        **{f"after-{n}": min(3, n) for n in range(5)},
    }


def test_a_job_that_ended_before_it_could_say_so_has_its_result(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    store = JobStore.open(home)
    job, _ = BATCH.submit(store, asked(folder, data))
    whole = run(asked(folder, data), home.batches / job.id)
    assert whole.here == 20
    claimed = claim(store, "cpu", job.lane)
    assert claimed is not None and claimed.id == job.id
    BATCH.run_started(Start(job.id, claimed.attempt), claimed.spec)
    ended = store.get(job.id)
    assert ended.result is not None and ended.result["here"] == 0 and ended.result["rows"] == 20
    assert len(Result(home.batches / job.id).page(Query(), 0, 50)) == 20


def test_a_start_that_was_overtaken_leaves_the_result_of_the_newer_one(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    store = JobStore.open(home)
    job, _ = BATCH.submit(store, asked(folder, data))
    starts = []

    def overtaken(*given: Any) -> StoredBatch:
        found = run_batch(*given)
        starts.append(found)
        if len(starts) == 1:  # it was taken for dead, and another start finishes before it comes back
            start_again()
        return found

    def start_again() -> None:
        with store.database.write() as connection:
            connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(state=JobState.QUEUED))
        claimed = claim(store, "cpu", job.lane)
        assert claimed is not None and claimed.attempt == 2
        BATCH.run_started(Start(job.id, 2), claimed.spec)

    monkeypatch.setattr("bcos_core.batch.run.run_batch", overtaken)
    claimed = claim(store, "cpu", job.lane)
    assert claimed is not None
    with pytest.raises(JobCancelled, match="has taken over"):
        BATCH.run_started(Start(job.id, claimed.attempt), claimed.spec)
    ended = store.get(job.id)
    assert len(starts) == 2 and ended.state == JobState.SUCCEEDED and ended.attempt == 2
    assert len(Result(Path(ended.artefacts[0])).page(Query(), 0, 50)) == 20


def test_what_an_earlier_start_has_left_is_taken_over_and_not_kept_twice(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    store = JobStore.open(home)
    job, _ = BATCH.submit(store, asked(folder, data))
    run(asked(folder, data), home.batches / job.id)
    with store.database.write() as connection:
        connection.execute(update(JOBS).where(JOBS.c.id == job.id).values(attempt=1))
    claimed = claim(store, "cpu", job.lane)
    assert claimed is not None and claimed.attempt == 2
    BATCH.run_started(Start(job.id, 2), claimed.spec)
    ended = store.get(job.id)
    assert ended.result is not None and ended.result["here"] == 0
    assert [str(one) for one in home.batches.iterdir()] == list(ended.artefacts)


class Uncounted(JsonLinesRows):
    """As a split of the hub that does not say how many rows it has."""

    @property
    def count(self) -> int | None:
        return None


@pytest.mark.parametrize("rows", [20, 16, 1, 0])
def test_rows_that_nobody_has_counted(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Some more than whole shards, as many as these, one, none."""
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[: max(1, rows)]])
    monkeypatch.setattr("bcos_core.batch.run.open_rows", lambda source: Uncounted(Path(source.name)))
    if not rows:
        monkeypatch.setattr(Uncounted, "cells", lambda self, columns, start=0: iter(()))
        with pytest.raises(DataError, match="has no rows"):
            run(asked(folder, data), tmp_path / "out")
        return
    made = run(asked(folder, data), tmp_path / "out")
    assert (made.rows, made.here) == (rows, rows)
    before = files(tmp_path / "out")
    assert set(before) == {"manifest.json", "summary.json", *(shard_name(n) for n in range(-(-rows // 8)))}
    last = tmp_path / "out" / shard_name((rows - 1) // 8)
    for gone in ([last], [tmp_path / "out" / "summary.json"], []):
        for path in gone:
            path.unlink()
        run(asked(folder, data), tmp_path / "out")
        assert files(tmp_path / "out") == before


class Cancelled(SilentReporter):
    def progress(self, done: float, total: float, part: str = "") -> None:
        if done > 8:
            raise JobCancelled("Stopped before the work was done.")


def test_a_cancelled_run_keeps_its_whole_shards_and_nothing_else(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    with pytest.raises(JobCancelled):
        run(asked(folder, data), tmp_path / "out", Cancelled())
    assert set(files(tmp_path / "out")) == {"manifest.json", shard_name(0)}
    assert run(asked(folder, data), tmp_path / "out").here == 12


@pytest.mark.parametrize(
    ("change", "said"),
    [({"span": "1:"}, "span"), ({"target": "negative"}, "target"), ({"shard_rows": 9}, "shard_rows")],
)
def test_other_options_do_not_go_on(home: Home, tmp_path: Path, change: dict[str, Any], said: str) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[:4]])
    run(asked(folder, data), tmp_path / "out")
    before = files(tmp_path / "out")
    with pytest.raises(InputError, match=f"something else: {said} \\(was"):
        run(asked(folder, data, **change), tmp_path / "out")
    assert files(tmp_path / "out") == before


def test_other_data_another_model_and_other_files_do_not_go_on(home: Home, tmp_path: Path) -> None:
    folder, conventional = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[:4]])
    run(asked(folder, data, "occlusion"), tmp_path / "out")
    with pytest.raises(InputError, match="the model's weights"):
        run(asked(conventional, data, "occlusion"), tmp_path / "out")
    lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS[1:5]])
    with pytest.raises(InputError, match="the data \\(was"):
        run(asked(folder, data, "occlusion"), tmp_path / "out")
    other = tmp_path / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        run(asked(folder, data), other)
    assert [one.name for one in other.iterdir()] == ["thesis.txt"]
    with pytest.raises(InputError, match="is no folder"):
        run(asked(folder, data), other / "thesis.txt")


def test_a_file_that_changes_meanwhile_makes_no_shard_of_two_files(home: Home, tmp_path: Path) -> None:
    """The first of three shards is of the file as it was; the second would have been of both."""
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])

    class Changing(SilentReporter):
        def progress(self, done: float, total: float, part: str = "") -> None:
            if done > 8:
                lines(tmp_path / "t.jsonl", [{"text": text} for text in reversed(TEXTS)])

    with pytest.raises(DataError, match=r"t\.jsonl was changed while it was read"):
        run(asked(folder, data), tmp_path / "out", Changing())
    assert set(files(tmp_path / "out")) == {"manifest.json", shard_name(0)}
    with pytest.raises(InputError, match="the data \\(was"):
        run(asked(folder, data), tmp_path / "out")
    lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    assert run(asked(folder, data), tmp_path / "out").here == 12


def test_who_comes_second_into_a_folder_waits_and_has_the_same_result(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    spec = asked(folder, data, output=str(tmp_path / "out"))
    first = FileLock(tmp_path / "out" / LOCK_FILE)
    said: list[str] = []

    class Second(SilentReporter):
        def log(self, message: str) -> None:
            said.append(message)
            if "Another process" in message:
                run(asked(folder, data), tmp_path / "out")  # is that of the first, which holds the lock
                first.release()

    run(asked(folder, data), tmp_path / "begun")
    (tmp_path / "begun" / "summary.json").unlink()
    (tmp_path / "begun").rename(tmp_path / "out")
    first.acquire()
    made = run(spec, tmp_path / "out", Second())
    assert made.here == 0 and made.rows == 20 and sum("Another process" in one for one in said) == 1

    class Stopped(SilentReporter):
        def progress(self, done: float, total: float, part: str = "") -> None:
            raise JobCancelled("Stopped before the work was done.")

    first.acquire()
    with pytest.raises(JobCancelled):
        run(spec, tmp_path / "out", Stopped())
    with pytest.raises(InputError, match="something else"):  # at once
        run(asked(folder, data, output=str(tmp_path / "out"), target="negative"), tmp_path / "out")
    first.release()


@contextmanager
def no_room(largest: int) -> Iterator[None]:
    """No file may become larger."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def test_a_disk_without_room_is_said_and_what_is_whole_stays(home: Home, tmp_path: Path) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    with pytest.raises(JobCancelled):
        run(asked(folder, data), tmp_path / "out", Cancelled())
    shard = (tmp_path / "out" / shard_name(0)).stat().st_size
    with no_room(shard // 2), pytest.raises(StorageError, match="Free some disk space.*goes on from what is whole"):
        run(asked(folder, data), tmp_path / "out")
    assert set(files(tmp_path / "out")) == {"manifest.json", shard_name(0)}


def test_a_command_into_a_folder_goes_on_there(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = save_pair(home)
    data = lines(tmp_path / "t.jsonl", [{"text": text} for text in TEXTS])
    words = ["explain-dataset", folder.name, "--data", data.name, "--shard-rows=8", f"--output={tmp_path / 'out'}"]
    assert main(words) == 0
    (tmp_path / "out" / shard_name(1)).unlink()
    (tmp_path / "out" / "summary.json").unlink()
    assert main([*words, "--json"]) == 0
    assert '"here": 8' in capsys.readouterr().out
    job, *_ = JobStore.open(home).list(kind="batch")
    assert job.artefacts == (str(tmp_path / "out"),) and not JobStore.open(home).removable(job)
