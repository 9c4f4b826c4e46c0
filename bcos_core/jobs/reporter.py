"""The reporter of a job: what the work tells becomes rows, log lines, and a stop when someone asks for one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from bcos_core.errors import JobCancelled, StorageError
from bcos_core.jobs.journal import Journal
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.log import JobLog
from bcos_core.jobs.outlook import Outlook, ProgressEstimator, about

BATCH_SECONDS = 0.5
HEARTBEAT_SECONDS = 2.0
LOG_EVERY_SECONDS = 15.0


class JobReporter:
    """A `bcos_core.progress.Reporter` whose methods only touch memory and two small files.

    A thread of its own writes to the database: what is new, at most every half second, and a heartbeat
    every two. Any method raises `JobCancelled` once the job has been asked to stop.
    """

    def __init__(
        self, lease: Lease, journal: Journal, log: JobLog, *, expected_stages: Callable[[int], Sequence[float]]
    ) -> None:
        self._lease = lease
        self._journal = journal
        self._log = log
        self._expected_stages = expected_stages
        self._estimator = ProgressEstimator(resumed=lease.attempt > 1)
        self._stage = ("", 0, 0)
        self._points = list(journal.left_over)
        self._latest: dict[str, float] = {}
        self._logged_at = time.monotonic()
        self._changed = True
        self._lock = threading.Lock()  # over the fields above
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._write_until_closed, name="job-reporter", daemon=True)
        self.stop_requested = False

    def start(self) -> None:
        self._thread.start()

    # What the work calls

    def stage(self, title: str, index: int, count: int) -> None:
        self._stop_if_asked()
        expected = self._expected_stages(count)
        with self._lock:
            self._estimator.begin_stage(index, count, expected=expected)
            self._stage = (title, index, count)
            self._latest.clear()
            self._logged_at = time.monotonic()
            self._changed = True
        self._log.line(f"[{index + 1}/{count}] {title}")
        self._wake.set()  # a person waits for the new title

    def progress(self, done: float, total: float) -> None:
        self._stop_if_asked()
        with self._lock:
            self._estimator.advance(done, total)
            self._changed = True
            line = self._progress_line(done, total)
        if line:
            self._log.line(line)

    def metric(self, series: str, step: int, value: float) -> None:
        self._stop_if_asked()
        point = Point(series, int(step), float(value))
        with self._lock:
            self._journal.append(point)
            self._points.append(point)
            self._latest[series] = point.value
            self._changed = True

    def log(self, message: str) -> None:
        self._stop_if_asked()
        self._log.line(message)

    # What the run around the work calls

    def request_stop(self) -> None:
        """Let the next call raise. Called by signal handlers, so it takes no lock."""
        self.stop_requested = True

    def close(self) -> list[float]:
        """Write the last of it; the seconds of each stage, if all were seen.

        Raises:
            StorageError: the database cannot be written; the points stay in the journal.
        """
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._write()
        with self._lock:
            return self._estimator.finished_stages()

    def _stop_if_asked(self) -> None:
        if self.stop_requested:
            raise JobCancelled("Stopped before the work was done.")

    def _write_until_closed(self) -> None:
        beaten_at = float("-inf")
        while not self._closing:
            if self._changed or time.monotonic() - beaten_at >= HEARTBEAT_SECONDS:
                try:
                    self._write()
                    beaten_at = time.monotonic()
                except StorageError as error:
                    # A full disk or a locked database may pass, and nothing is lost by waiting for that.
                    self._log.line(str(error))
                    self._wake.wait(HEARTBEAT_SECONDS)
            self._wake.wait(BATCH_SECONDS)
            self._wake.clear()

    def _write(self) -> None:
        with self._lock:
            points, self._points = self._points, []
            self._changed = False
            outlook = self._estimator.outlook()
            title, index, count = self._stage
        try:
            goes_on = self._lease.beat(_columns(title, index, count, outlook), points)
        except StorageError:
            with self._lock:
                self._points = points + self._points
                self._changed = True
            raise
        if not goes_on:
            self.stop_requested = True
        with self._lock:
            if not self._points:
                self._journal.clear()

    def _progress_line(self, done: float, total: float) -> str:
        """A line for the log, now and then: a log is read, not watched."""
        now = time.monotonic()
        if now - self._logged_at < LOG_EVERY_SECONDS:
            return ""
        self._logged_at = now
        outlook = self._estimator.outlook()
        parts = [f"  {done:g} of {total:g}"]
        if outlook.eta_seconds is not None:
            parts.append(f"about {about(outlook.eta_seconds)} left" + (" in this step" if outlook.of_stage else ""))
        parts += [f"{series} {value:.3g}" for series, value in self._latest.items()]
        return " · ".join(parts)


def _columns(title: str, index: int, count: int, outlook: Outlook) -> dict[str, object]:
    if not count:
        return {}  # nothing was told yet: a resumed job keeps showing where it was
    return {
        "stage": title,
        "stage_index": index,
        "stage_count": count,
        "progress": outlook.progress,
        "eta_seconds": outlook.eta_seconds,
        "eta_of_stage": outlook.of_stage,
    }
