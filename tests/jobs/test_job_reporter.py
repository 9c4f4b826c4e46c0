"""The reporter's own thread: what it writes when, and what it does when it cannot."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import JobCancelled, StorageError
from bcos_core.jobs import reporter as reporter_module
from bcos_core.jobs.journal import Journal
from bcos_core.jobs.lease import Point
from bcos_core.jobs.log import JobLog
from bcos_core.jobs.outlook import Forecast
from bcos_core.jobs.paces import Paces
from bcos_core.jobs.reporter import JobReporter
from tests.jobs.waiting import wait_until


class RecordingLease:
    """Stands in for a lease: keeps what it is told, fails as often as asked."""

    attempt = 1

    def __init__(self) -> None:
        self.points: list[Point] = []
        self.beats: list[dict[str, Any]] = []
        self.threads: set[int] = set()
        self.failures_left = 0
        self.goes_on = True

    def beat(self, columns: dict[str, Any], points: Sequence[Point] = ()) -> bool:
        self.threads.add(threading.get_ident())
        if self.failures_left:
            self.failures_left -= 1
            raise StorageError("The database is full.")
        self.beats.append(columns)
        self.points += points
        return self.goes_on


@pytest.fixture
def lease() -> RecordingLease:
    return RecordingLease()


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path / "points.jsonl")
    yield journal
    journal.close()


@pytest.fixture
def reporter(lease: RecordingLease, journal: Journal, tmp_path: Path) -> JobReporter:
    log = JobLog(tmp_path / "job.log", foreground=True)
    return JobReporter(lease, journal, log, Forecast((), Paces(), kind="train"))  # type: ignore[arg-type]


def test_many_points_are_few_transactions_on_another_thread(reporter: JobReporter, lease: RecordingLease) -> None:
    reporter.start()
    reporter.stage("Training", 0, 1)
    began = time.monotonic()
    for step in range(2000):
        reporter.progress(step, 2000)
        reporter.metric("loss", step, 1.0)
    calls_took = time.monotonic() - began
    wait_until(lambda: len(lease.points) == 2000, "every point")
    assert len(lease.beats) <= 4 + 2 * calls_took  # at most two a second, and the first ones
    assert threading.get_ident() not in lease.threads
    reporter.close()
    assert [point.step for point in lease.points] == list(range(2000))


def test_points_wait_until_the_database_takes_them(
    reporter: JobReporter, lease: RecordingLease, journal: Journal, tmp_path: Path
) -> None:
    lease.failures_left = 1
    reporter.metric("loss", 1, 0.5)
    with pytest.raises(StorageError):
        reporter.close()
    assert (tmp_path / "points.jsonl").read_text() == '["loss", 1, 0.5]\n'
    reporter.close()
    assert lease.points == [Point("loss", 1, 0.5)]
    assert (tmp_path / "points.jsonl").read_text() == ""


def test_a_failing_database_does_not_end_the_work(reporter: JobReporter, lease: RecordingLease, tmp_path: Path) -> None:
    lease.failures_left = 1
    reporter.start()
    wait_until(lambda: not lease.failures_left, "the failure")
    reporter.metric("loss", 1, 0.5)
    reporter.close()
    assert lease.points == [Point("loss", 1, 0.5)]
    assert (tmp_path / "job.log").read_text() == "The database is full.\n"


def test_what_a_killed_start_left_is_written_first(lease: RecordingLease, tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    path.write_text('["loss", 1, 0.5]\n')
    journal = Journal(path)
    log = JobLog(tmp_path / "job.log", foreground=True)
    reporter = JobReporter(lease, journal, log, Forecast((), Paces(), kind="train"))  # type: ignore[arg-type]
    reporter.metric("loss", 2, 0.25)
    reporter.close()
    assert lease.points == [Point("loss", 1, 0.5), Point("loss", 2, 0.25)]
    assert path.read_text() == ""


def test_a_heartbeat_comes_without_news_and_leaves_the_stage_alone(
    reporter: JobReporter, lease: RecordingLease
) -> None:
    reporter.start()
    wait_until(lambda: len(lease.beats) >= 2, "a second heartbeat")
    reporter.close()
    assert all(columns == {} for columns in lease.beats)


def test_every_call_raises_once_the_lease_says_stop(reporter: JobReporter, lease: RecordingLease) -> None:
    lease.goes_on = False
    reporter.start()
    wait_until(lambda: reporter.stop_requested, "the order to stop")
    for call in (
        lambda: reporter.stage("Next", 0, 1),
        lambda: reporter.progress(1, 2),
        lambda: reporter.given(1, 2),
        lambda: reporter.metric("loss", 1, 0.5),
        lambda: reporter.log("line"),
    ):
        with pytest.raises(JobCancelled):
            call()
    reporter.close()


def test_work_stands_still_while_no_sign_of_life_arrives(
    reporter: JobReporter, lease: RecordingLease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporter_module, "STANDS_STILL_AFTER", 0.2)
    monkeypatch.setattr(reporter_module, "HEARTBEAT_SECONDS", 0.05)
    monkeypatch.setattr(reporter_module, "BATCH_SECONDS", 0.05)
    reporter.start()
    wait_until(lambda: lease.beats, "the first sign of life")
    lease.failures_left = 1_000_000
    done: list[int] = []

    def work() -> None:
        with suppress(JobCancelled):
            for step in range(1_000_000):
                reporter.progress(step, 1_000_000)
                done.append(step)
                time.sleep(0.001)

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(lambda: 1_000_000 - lease.failures_left > 10, "many failures")
    stood = len(done)
    wait_until(lambda: 1_000_000 - lease.failures_left > 20, "more failures")
    assert len(done) == stood
    lease.failures_left = 0
    wait_until(lambda: len(done) > stood + 10, "the work that goes on")
    lease.failures_left = 1_000_000
    wait_until(lambda: 1_000_000 - lease.failures_left > 20, "many failures")
    reporter.request_stop()  # one that stands still can be stopped
    worker.join(10)
    assert not worker.is_alive()
    lease.failures_left = 0
    reporter.close()
