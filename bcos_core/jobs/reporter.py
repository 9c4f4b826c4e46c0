"""The reporter of a job: what the work tells becomes rows, log lines, and a stop when someone asks for one."""

from __future__ import annotations

import threading
import time

from bcos_core.errors import JobCancelled, StorageError
from bcos_core.jobs.journal import Journal
from bcos_core.jobs.lease import Lease, Point
from bcos_core.jobs.log import JobLog
from bcos_core.jobs.outlook import Forecast, Outlook, time_left
from bcos_core.jobs.paces import Taken

BATCH_SECONDS = 0.5
HEARTBEAT_SECONDS = 2.0
LOG_EVERY_SECONDS = 15.0
STANDS_STILL_AFTER = 10.0
"""Seconds after the last sign of life that the database took; before others may take the job for dead (`LEASE`)."""


class JobReporter:
    """A `bcos_core.progress.Reporter` whose methods only touch memory and two small files.

    A thread of its own writes to the database: what is new, at most every half second, and a heartbeat
    every two. Any method raises `JobCancelled` once the job has been asked to stop.

    A job whose signs of life do not arrive stands still: on another machine it may be started again, and two starts
    must not work at once. It goes on when one arrives, or stops where it was overtaken.
    """

    def __init__(self, lease: Lease, journal: Journal, log: JobLog, forecast: Forecast) -> None:
        self._lease = lease
        self._journal = journal
        self._log = log
        self._forecast = forecast
        self._stage = ("", 0, 0)
        self._points = list(journal.left_over)
        self._latest: dict[str, float] = {}
        self._logged_at = time.monotonic()
        self._changed = True
        self._lock = threading.Lock()  # over the fields above
        self._wake = threading.Event()
        self._closing = False
        self._beaten_at = time.monotonic()
        self._thread = threading.Thread(target=self._write_until_closed, name="job-reporter", daemon=True)
        self.stop_requested = False

    def start(self) -> None:
        self._beaten_at = time.monotonic()
        self._thread.start()

    # What the work calls

    def stage(self, title: str, index: int, count: int) -> None:
        self._stop_if_asked()
        with self._lock:
            self._forecast.begin(index, count)
            self._stage = (title, index, count)
            self._latest.clear()
            self._logged_at = time.monotonic()
            self._changed = True
        self._log.line(f"[{index + 1}/{count}] {title}")
        self._wake.set()  # a person waits for the new title

    def progress(self, done: float, total: float, part: str = "") -> None:
        self._stop_if_asked()
        with self._lock:
            self._forecast.advance(done, total, part)
            self._changed = True
            line = self._progress_line(done, total, part)
        if line:
            self._log.line(line)

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        self._stop_if_asked()
        with self._lock:
            self._forecast.given(done, total, part, stage)
            self._changed = True

    def declare(self, seconds: float, part: str, stage: int) -> None:
        self._stop_if_asked()
        with self._lock:
            self._forecast.declare(seconds, part, stage)
            self._changed = True

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

    def close(self, *, finished: bool = False) -> list[Taken]:
        """Write the last of it; what the parts of the work took, all of them if it is `finished`.

        Raises:
            StorageError: the database cannot be written; the points stay in the journal.
        """
        self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self._write()
        with self._lock:
            if finished:
                self._forecast.finish()
            return self._forecast.taken()

    def _stop_if_asked(self) -> None:
        while not self.stop_requested and time.monotonic() - self._beaten_at > STANDS_STILL_AFTER:
            if not self._thread.is_alive():
                break
            self._thread.join(0.1)  # it tries again and again
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
            outlook = self._forecast.outlook()
            title, index, count = self._stage
        try:
            goes_on = self._lease.beat(_columns(title, index, count, outlook), points)
        except StorageError:
            with self._lock:
                self._points = points + self._points
                self._changed = True
            raise
        self._beaten_at = time.monotonic()
        if not goes_on:
            self.stop_requested = True
        with self._lock:
            if not self._points:
                self._journal.clear()

    def _progress_line(self, done: float, total: float, part: str) -> str:
        """A line for the log, now and then: a log is read, not watched."""
        now = time.monotonic()
        if now - self._logged_at < LOG_EVERY_SECONDS:
            return ""
        self._logged_at = now
        outlook = self._forecast.outlook()
        parts = [f"  {f'{part}: ' if part else ''}{done:g} of {total:g}"]
        if outlook.eta_seconds is not None:
            parts.append(time_left(outlook.eta_seconds, late=outlook.late))
        parts += [f"{series} {value:.3g}" for series, value in self._latest.items()]
        return " · ".join(parts)


def _columns(title: str, index: int, count: int, outlook: Outlook) -> dict[str, object]:
    if not count:  # nothing was told yet: a resumed job keeps showing where it was
        return {} if outlook.eta_seconds is None else {"eta_seconds": outlook.eta_seconds, "late": outlook.late}
    return {
        "stage": title,
        "stage_index": index,
        "stage_count": count,
        "progress": outlook.progress,
        "eta_seconds": outlook.eta_seconds,
        "late": outlook.late,
    }
