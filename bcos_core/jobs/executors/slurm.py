"""Jobs as batch jobs of a Slurm cluster that is there already. The database stays the authority; Slurm only runs the
command. The cluster's machines share `BCOS_HOME`, the code and its Python with this one, as homes on clusters are."""

from __future__ import annotations

import logging
import os
import shlex
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bcos_core.device import CPU, CUDA, DEVICE
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.executors import slurm_client
from bcos_core.jobs.executors.executor import Ended, Occupied, OutOfReach, OutOfSight, Room, Running, State
from bcos_core.jobs.executors.places import cluster_room
from bcos_core.jobs.executors.settings import SlurmSettings
from bcos_core.jobs.executors.slurm_client import CannotEnd, SlurmJob
from bcos_core.jobs.job import Job
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.process import exit_in_words

LOOK_SECONDS = 2.0
"""A controller serves many: all jobs are asked about at once, and not more often."""
SOON_SECONDS = 8.0
"""A job that Slurm has not begun by then waits for room."""
HELD_BACK_SECONDS = 15.0
"""A cluster that has taken no job is asked for that again after so long."""
_NOT_BEGUN = -53
"""The signal by which Slurm says, of a job that no machine has begun, that something of the job's could not be opened
there."""
_WAITING = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD")
_RUNNING = ("RUNNING", "COMPLETING", "CONFIGURING", "SIGNALING", "STAGE_OUT", "RESIZING")
_HALTED = ("SUSPENDED", "STOPPED")
_ENDS = {
    "CANCELLED": "it was stopped on the cluster",
    "TIMEOUT": "its time on the cluster ran out",
    "DEADLINE": "its time on the cluster ran out",
    "OUT_OF_MEMORY": "it took more memory than the cluster gives it",
    "PREEMPTED": "the cluster took its place for another",
}
"""After these a job that was not done is started again, and goes on from its last checkpoint."""

logger = logging.getLogger(__name__)


class SlurmExecutor:
    """Each start of a job is a batch job whose name has the job's id and attempt.

    A thread asks the cluster how the jobs are and tells it which are to end, so that a supervisor never waits for a
    cluster that does not answer. What cannot be seen lives by the heartbeats that it writes into the database.
    """

    name = "slurm"
    outlives_supervisor = True

    def __init__(self, home: Home, settings: SlurmSettings, *, code: Path = CHECKOUT) -> None:
        self._home = home
        self._settings = settings
        self._code = code
        self._followed: dict[str, _Followed] = {}  # by name, which is the handle
        self._seen: _Seen | None = None
        self._wake = threading.Event()
        self._closed = False
        self._watcher: threading.Thread | None = None
        self._hindrance = ""
        self._hindered = float("-inf")

    def open(self) -> None:
        self._be_watching()

    def room(self, lane: Lane, occupied: Occupied, *, wanted: int = 1) -> Room:
        self._be_watching()
        if self._seen is None:
            return Room()
        if self._seen.trouble is not None:
            return Room((), str(self._seen.trouble))
        if time.monotonic() - self._hindered < HELD_BACK_SECONDS:
            return Room((), self._hindrance)
        return cluster_room(self.name, self._settings, lane, occupied, wanted=wanted)

    def start(self, job: Job, command: Sequence[str]) -> str:
        name = _name(job)
        log = str(job.log_path).replace("%", "%%")  # a sign of Slurm's own in names of files
        try:
            slurm_client.submit(
                name,
                [f"--output={log}", "--open-mode=append", f"--chdir={self._code}", *self._settings.options],
                # The shell that Slurm starts becomes the job: its exit code and its signals are the job's.
                f"exec {shlex.join([sys.executable, *command])}",
                {
                    **os.environ,
                    "BCOS_HOME": str(self._home.root),
                    DEVICE: CUDA if self._settings.gpus else CPU,
                    "OMP_NUM_THREADS": str(self._settings.cpus),
                    "PYTHONUNBUFFERED": "1",
                },
            )
        except OutOfReach as error:
            self._hindrance, self._hindered = str(error), time.monotonic()
            raise
        self._follow(name)
        return name

    def adopt(self, job: Job) -> str | None:
        # One that was killed before it wrote down the handle has submitted this name, or nothing.
        name = job.handle or _name(job)
        self._follow(name)
        return name

    def _follow(self, name: str) -> None:
        self._followed.setdefault(name, _Followed())
        self._wake.set()
        self._be_watching()

    def _be_watching(self) -> None:
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="slurm-watcher", daemon=True)
            self._watcher.start()

    def state(self, handle: str) -> State:
        followed, seen = self._followed.get(handle), self._seen
        if followed is None:
            return OutOfSight("its process was lost")
        if seen is None or seen.began < followed.since:
            return Running()  # not looked at yet
        if seen.trouble is not None:
            return OutOfSight(seen.trouble.reason)
        found = seen.jobs.get(handle)
        if found is None:
            return OutOfSight("the cluster does not know it any more")
        return self._read(found, late=time.monotonic() - followed.since >= SOON_SECONDS)

    def _read(self, job: SlurmJob, *, late: bool) -> State:
        if job.state in _WAITING:
            why = f" ({job.reason})" if job.reason not in ("", "None") else ""
            return Running(f"Waits for room on the cluster: it wants {self._settings.wanted}{why}." if late else "")
        if job.state in _RUNNING:
            return Running()
        if job.state in _HALTED:
            return Running(f"Waits for the cluster, which has halted it ({job.state.lower()}).")
        if job.state in _ENDS:
            return Ended(_ENDS[job.state])
        if job.state in ("COMPLETED", "FAILED"):
            code = os.waitstatus_to_exitcode(job.status)
            if job.reason == "JobLaunchFailure" or code == _NOT_BEGUN:
                return Ended(
                    f"a machine of the cluster could not begin it, as one that cannot write in {self._home.jobs}"
                )
            return Ended(exit_in_words(code), code)
        # Its machine is gone; whether the process is, too, its heartbeat tells.
        return OutOfSight(f"the cluster lost it ({job.state})")

    def stop(self, handle: str, *, at_once: bool = False) -> None:
        if followed := self._followed.get(handle):
            wanted = "at once" if at_once else followed.end or "wanted"
            if wanted != followed.end:
                followed.end = wanted
                self._wake.set()

    def forget(self, handle: str) -> None:
        self._followed.pop(handle, None)

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    def _watch(self) -> None:
        while not self._closed:
            self._wake.clear()
            began, trouble = time.monotonic(), None
            jobs: dict[str, SlurmJob] = {}
            try:
                for name, followed in list(self._followed.items()):
                    followed.tell_end(name)
                # Of one that was submitted twice the newer: the database refuses the second start.
                jobs = {job.name: job for job in slurm_client.jobs()}
            except OutOfReach as error:
                trouble = error
            except Exception:  # an answer that nobody foresees: the jobs are looked at all the same
                logger.exception("How the cluster's jobs are could not be asked.")
                trouble = OutOfReach("the cluster answered with what is not understood", "The log says more.")
            self._seen = _Seen(began, trouble, jobs)
            self._wake.wait(LOOK_SECONDS)


@dataclass
class _Followed:
    """One start of a job on the cluster: since when, and whether it is to end."""

    since: float = field(default_factory=time.monotonic)
    end: str = ""
    _told: str = ""
    _refused: bool = False

    def tell_end(self, name: str) -> None:
        """As often as it takes."""
        wanted = self.end
        if wanted == self._told:
            return
        try:
            slurm_client.cancel(name, at_once=wanted == "at once")
        except CannotEnd as error:
            if not self._refused:
                logger.warning("The cluster does not end %s (%s).", name, error)
            self._refused = True
        else:
            self._told = wanted


@dataclass(frozen=True)
class _Seen:
    """What the cluster has said, asked at `began`; `trouble` is why it has not."""

    began: float
    trouble: OutOfReach | None
    jobs: dict[str, SlurmJob]


def _name(job: Job) -> str:
    return f"bcos-{job.id}-{job.attempt}"
