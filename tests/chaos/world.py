"""A home with everything that works in it: a supervisor, its jobs, and processes of raters. Any of them may be hit at
any moment, and what was hit is started anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle
from pathlib import Path

import psutil

from bcos_core.home import CHECKOUT
from bcos_core.jobs.executors.settings import EXECUTOR, LOCAL
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.store import JobStore
from tests.jobs.waiting import wait_until

START_SECONDS = 120.0
STOP_SECONDS = 60.0


class World:
    """`store` is the campaign's own, by a way that nothing is done to. What is started here has the environment of this
    process: of a database beyond a network, the address at which that network can be cut. Each supervisor has the next
    of the `executors`."""

    def __init__(self, store: JobStore, executors: Sequence[str] = (LOCAL,)) -> None:
        self.store = store
        self.home = store.home
        self._executors = cycle(executors)
        self._executor = ""
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start_supervisor(self) -> None:
        """Start one where none lives, and wait until it runs."""
        if self.supervisor is None:
            self._start_next()
        wait_until(self._supervisor_runs, "the supervisor", seconds=START_SECONDS)

    def _supervisor_runs(self) -> bool:
        if self.supervisor is None:  # it found no database: whatever watches over a server starts it again
            self._start_next()
        return self.store.supervisor_alive()

    def _start_next(self) -> None:
        self._executor = next(self._executors)
        self._supervisor = _start_supervisor(self._executor)

    def run_on(self, executor: str) -> None:
        """See to it that new jobs run there: a supervisor that gives them elsewhere is replaced."""
        self.start_supervisor()
        while self._executor != executor:
            self.stop_supervisor()
            self.start_supervisor()

    @property
    def supervisor(self) -> psutil.Process | None:
        process = self._supervisor
        return psutil.Process(process.pid) if process is not None and process.poll() is None else None

    @property
    def running(self) -> list[Job]:
        """The jobs whose process is there."""
        return [job for job in self.store.list(active=True) if job.state == JobState.RUNNING and process_of(job)]

    def stop_supervisor(self) -> None:
        """As an operator does."""
        if self._supervisor is None:
            return
        self._supervisor.terminate()
        try:
            self._supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
            self._supervisor.wait()
        self._supervisor = None

    def processes(self) -> list[psutil.Process]:
        """Every other process that was started for this home."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error, OSError):
                if process.environ().get("BCOS_HOME") == str(self.home.root) and process.pid != os.getpid():
                    found.append(process)
        return found

    def kill_all(self) -> None:
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        if self._supervisor is not None:
            self._supervisor.wait()


def _start_supervisor(executor: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "bcos_core", "supervise"],
        cwd=CHECKOUT,
        env={**os.environ, EXECUTOR: executor},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def process_of(job: Job) -> psutil.Process | None:
    """The living process of a job on this machine."""
    if job.process is None or not job.process.is_alive():
        return None
    with suppress(psutil.Error):
        return psutil.Process(job.process.pid)
    return None


def signal_to(process: psutil.Process | None, number: signal.Signals) -> bool:
    """Whether there was a process that it could be sent to."""
    if process is None:
        return False
    try:
        process.send_signal(number)
    except psutil.Error:
        return False
    return True


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """`folder` on a file system of its own, of that size; whether it is: only root can make one."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(command, capture_output=True).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
