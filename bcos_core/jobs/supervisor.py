"""The one process that starts jobs, watches over them, and ends them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import msgspec
import psutil

from bcos_core.errors import JobError, StorageError
from bcos_core.home import CHECKOUT
from bcos_core.jobs.claims import active_jobs, claim, record_process, settle, settle_dead_foreground, tell_waiting
from bcos_core.jobs.devices import CPU, device_environment, lack_of_room, visible_devices
from bcos_core.jobs.job import Job, JobState
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.log import tail
from bcos_core.jobs.process import JobProcess, ProcessId, exit_in_words
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.supervisor_lock import hold_supervisor_lock
from bcos_core.storage.stored_json import decode_json
from bcos_core.storage.types import utc_now

GRACE_SECONDS = 10.0
POLL_SECONDS = 0.3
STORAGE_PATIENCE_SECONDS = 3.0
LOOK_FOR_ROOM_SECONDS = 5.0
CPU_NICENESS = {Lane.SHORT: 5, Lane.LONG: 10}
"""Pages answer first, then somebody waits for a short job."""
RUNNER = ("-m", "bcos_core", "job", "--json")
"""After the interpreter's name: the command that runs a job. It is given the job's id and which start this is."""

logger = logging.getLogger(__name__)


@dataclass
class _Watched:
    """A job's process, as one supervisor sees it."""

    job: Job
    process: JobProcess
    ends_by: float | None = None  # when it is killed, once it should end


class Supervisor:
    """Starts waiting jobs, each in a process group of its own: on each device one job of either lane at a time.

    It keeps nothing that the database does not have: a supervisor that is started after another was killed
    finds that one's jobs by their process numbers, and watches over them as its own.
    """

    def __init__(
        self,
        store: JobStore,
        *,
        devices: Sequence[str] | None = None,
        runner: Sequence[str] = RUNNER,
        grace_seconds: float = GRACE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.store = store
        self._given_devices = devices
        self._runner = runner
        self._grace_seconds = grace_seconds
        self._poll_seconds = poll_seconds
        self._watched: dict[tuple[str, int], _Watched] = {}  # by job id and attempt
        self._looked_for_room: dict[str, float] = {}  # by device, the last time that there was none
        self._stopping = False

    @cached_property
    def _devices(self) -> Sequence[str]:
        return self._given_devices or visible_devices()

    def request_stop(self) -> None:
        """Let `run` end. May be called from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Supervise until `request_stop`; then the running jobs are stopped, to go on at the next start.

        Raises:
            JobError: another supervisor is running.
            StorageError: BCOS_HOME cannot be written.
        """
        with hold_supervisor_lock(self.store.home):
            logger.info("Supervisor %d runs the jobs of %s.", os.getpid(), self.store.home.root)
            while not self._stopping and self.store.home.root.exists():
                try:
                    self.tick()
                except StorageError as error:  # a full disk or a locked database may pass
                    logger.error("%s", error)
                    time.sleep(STORAGE_PATIENCE_SECONDS)
                time.sleep(self._poll_seconds)
            self._shut_down()
            logger.info("Supervisor %d has ended.", os.getpid())

    def tick(self) -> None:
        """Look once at every running job, then start what waits."""
        active = active_jobs(self.store)
        settle_dead_foreground(self.store, active)
        supervised = [job for job in active if job.state == JobState.RUNNING and not job.foreground]
        running = {(job.id, job.attempt): job for job in supervised}
        for key, job in running.items():
            if key not in self._watched:
                self._adopt(job)
        for key, watched in list(self._watched.items()):
            if not watched.process.is_alive():
                self._bury(key)
            else:
                self._end_if_due(watched, running.get(key))
        waiting = {job.lane for job in active if job.state == JobState.QUEUED}
        if waiting:
            self._start_waiting(waiting, occupied={(job.device, job.lane) for job in supervised})

    def _adopt(self, job: Job) -> None:
        """Watch over a running job that another supervisor started, or settle it if its process is gone."""
        if job.process is not None and job.process.is_local:
            # Dead or alive: the next step tells, and ends what a dead one left behind.
            self._watched[job.id, job.attempt] = _Watched(job, JobProcess(job.process))
            logger.info("Job %s: found as process %d.", job.id, job.process.pid)
        elif not job.seems_alive():
            settle(self.store, job, reason="its process was lost")
            logger.info("Job %s: its process was lost.", job.id)

    def _bury(self, key: tuple[str, int], *, shutting_down: bool = False) -> None:
        """Take leave of a process that has ended; if it left its job without a state, give it one."""
        watched = self._watched.pop(key)
        code = watched.process.collect()
        reason = exit_in_words(code)
        # An ordinary exit would be the same the next time; a signal, or an unknown end, may not.
        failure = _last_words(watched.job, code) if code is not None and code >= 0 else None
        settle(self.store, watched.job, reason=reason, failure=failure, shutting_down=shutting_down)
        logger.info("Job %s: %s.", watched.job.id, reason)

    def _end_if_due(self, watched: _Watched, row: Job | None) -> None:
        """Politely first. A job whose row says that it has ended has the same time to leave by itself."""
        now = time.monotonic()
        if watched.ends_by is not None:
            if now >= watched.ends_by:
                watched.process.kill()
        elif row is None:
            watched.ends_by = now + self._grace_seconds
        elif row.cancel_requested:
            logger.info("Job %s: asked to stop.", row.id)
            watched.process.ask_to_stop()
            watched.ends_by = now + self._grace_seconds

    def _start_waiting(self, waiting: set[Lane], *, occupied: set[tuple[str, Lane]]) -> None:
        occupied = occupied | {(watched.job.device, watched.job.lane) for watched in self._watched.values()}
        for lane in sorted(waiting):
            # Short jobs go first where no long one runs, which has the memory to itself.
            devices = sorted(self._devices, key=lambda device: (device, Lane.LONG) in occupied)
            for device in devices if lane == Lane.SHORT else self._devices:
                if (device, lane) in occupied:
                    continue
                if lane == Lane.SHORT and (device, Lane.LONG) in occupied and not self._has_room(device):
                    continue
                job = claim(self.store, device, lane)
                if job is None:
                    break
                occupied.add((device, lane))
                self._start(job)

    def _has_room(self, device: str) -> bool:
        """Whether a short job can run beside the long one there; if not, it is told what it waits for."""
        now = time.monotonic()
        if now - self._looked_for_room.get(device, float("-inf")) < LOOK_FOR_ROOM_SECONDS:
            return False
        lack = lack_of_room(device)
        if lack:
            self._looked_for_room[device] = now
            tell_waiting(self.store, Lane.SHORT, lack)
        return not lack

    def _start(self, job: Job) -> None:
        environment = {
            **os.environ,
            **device_environment(job.device, job.lane, devices=len(self._devices)),
            "BCOS_HOME": str(self.store.home.root),
            "PYTHONUNBUFFERED": "1",
        }
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            with job.log_path.open("ab") as log:
                log.write(f"--- Start {job.attempt}, {utc_now():%Y-%m-%d %H:%M:%S} UTC, on {job.device}\n".encode())
                log.flush()
                child = subprocess.Popen(
                    [sys.executable, *self._runner, job.id, "--attempt", str(job.attempt)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=CHECKOUT,
                    env=environment,
                    start_new_session=True,
                )
            process = ProcessId.of(child.pid)
        except OSError as error:
            settle(self.store, job, reason="", failure=f"Its process could not be started ({error}).")
            logger.error("Job %s: could not be started (%s).", job.id, error)
            return
        self._watched[job.id, job.attempt] = _Watched(job, JobProcess(process, child))
        if job.device == CPU:
            with suppress(psutil.Error):
                psutil.Process(child.pid).nice(min(19, psutil.Process().nice() + CPU_NICENESS[job.lane]))
        record_process(self.store, job, process)
        logger.info("Job %s: started as process %d on %s.", job.id, child.pid, job.device)

    def _shut_down(self) -> None:
        for watched in self._watched.values():
            watched.process.ask_to_stop()
        deadline = time.monotonic() + self._grace_seconds
        while any(watched.process.is_alive() for watched in self._watched.values()):
            if time.monotonic() >= deadline:
                for watched in self._watched.values():
                    watched.process.kill()
            time.sleep(0.05)
        for key in list(self._watched):
            try:
                self._bury(key, shutting_down=True)
            except StorageError as error:  # the next supervisor settles it
                logger.error("%s", error)


class _Error(msgspec.Struct):
    message: str


class _LastWords(msgspec.Struct):
    """The last line of a command that was called with `--json` and has failed."""

    error: _Error


def _last_words(job: Job, code: int) -> str:
    """What a command said before it ended, without having come to its job: bad arguments, a missing module."""
    last_line = tail(job.log_path, 1)
    with suppress(JobError):
        said = decode_json(last_line.encode(), _LastWords, error=JobError, what="The last line", advice="")
        return said.error.message
    return f"Its command ended with exit code {code} before the work began: {last_line[:300]}"
