"""The one process of a host that starts jobs, watches over them, and ends them."""

from __future__ import annotations

import logging
import os
import platform
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import msgspec

from bcos_core.errors import JobError, StorageError
from bcos_core.jobs.claims import (
    Loss,
    active_jobs,
    claim,
    postpone,
    processes_wanted,
    record_handle,
    settle,
    settle_dead_foreground,
    tell_running,
    tell_waiting,
)
from bcos_core.jobs.executors.executor import (
    GRACE_SECONDS,
    CannotStart,
    Ended,
    Executor,
    OutOfReach,
    OutOfSight,
    Running,
)
from bcos_core.jobs.executors.local import LocalExecutor
from bcos_core.jobs.job import LEASE, Job, JobState
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.log import tail
from bcos_core.jobs.presence import Presence, beat, leave, require_alone, supervisors
from bcos_core.jobs.process import DATABASE_AWAY, ProcessId
from bcos_core.jobs.pulse import Pulse
from bcos_core.jobs.store import JobStore
from bcos_core.jobs.supervisor_lock import hold_supervisor_lock
from bcos_core.storage.stored_json import decode_json
from bcos_core.storage.types import utc_now

POLL_SECONDS = 0.3
STORAGE_PATIENCE_SECONDS = 3.0
PRESENCE_SECONDS = 4.0
RUNNER = ("-m", "bcos_core", "job", "--json")
"""After the interpreter's name: the command that runs a job. It is given the job's id and which start this is."""

logger = logging.getLogger(__name__)


@dataclass
class _Watched:
    """A start of a job, as one supervisor sees it."""

    job: Job
    executor: Executor
    handle: str
    waits_for: str = ""
    ends_by: float | None = None  # when it is killed, once it should end


class Supervisor:
    """Starts waiting jobs where its executor has room, and watches over those that supervisors of its host started.

    It keeps nothing that the database does not have: one that is started after another was killed finds that one's jobs
    by their handles, and watches over them as its own. Several hosts may run the jobs of one database, each for its own
    devices. A job of another host is left to the supervisor there; it starts again only when that one and the job
    itself have both been silent for as long as a lease.

    Args:
        executor: what new jobs run on; by default processes on the `devices` of this machine.
        host: what this machine is called in the database.
        lease_seconds: how long a silent one is believed to live, where it cannot be looked at.
    """

    def __init__(
        self,
        store: JobStore,
        *,
        executor: Executor | None = None,
        devices: Sequence[str] | None = None,
        host: str | None = None,
        runner: Sequence[str] = RUNNER,
        grace_seconds: float = GRACE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
        lease_seconds: float = LEASE.total_seconds(),
    ) -> None:
        self.store = store
        local = LocalExecutor(store.home, devices=devices)
        self._executor = executor or local
        self._executors: dict[str, Executor] = {local.name: local, self._executor.name: self._executor}
        self._host = host or platform.node()
        self._runner = runner
        self._grace_seconds = grace_seconds
        self._poll_seconds = poll_seconds
        self._presence = Presence(
            self._host, str(store.home.root), self._executor.name, ProcessId.current(), utc_now(), utc_now()
        )
        self._beaten = float("-inf")
        self._pulse = Pulse(lease_seconds)
        self._watched: dict[tuple[str, int], _Watched] = {}  # by job id and attempt
        self._stopping = False

    def request_stop(self) -> None:
        """Let `run` end. May be called from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Supervise until `request_stop`; then the jobs that run on this machine are stopped, to go on at the next
        start.

        Raises:
            JobError: another supervisor of this host is running.
            StorageError: BCOS_HOME cannot be written.
        """
        with hold_supervisor_lock(self.store.home):
            require_alone(self.store.database, self._presence)
            self._executor.open()
            logger.info("Supervisor %d runs the jobs of %s (%s).", os.getpid(), self.store.home.root, self._host)
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
        self._show_presence()
        active = active_jobs(self.store)
        running = {(job.id, job.attempt): job for job in active if job.state == JobState.RUNNING}
        supervised = {key: job for key, job in running.items() if not job.foreground}
        strangers = [job for key, job in supervised.items() if key not in self._watched and not self._adopt(job)]
        self._settle_silent(strangers)
        settle_dead_foreground(self.store, active, is_dead=self._is_dead)
        for key, watched in list(self._watched.items()):
            self._look_at(key, watched, supervised.get(key))
        self._pulse.keep([*running, *self._watched, *self._hosts(strangers)])
        waiting = {job.lane for job in active if job.state == JobState.QUEUED}
        if waiting:
            mine = (job for job in supervised.values() if job.supervisor == self._host)
            self._start_waiting(waiting, occupied={(job.device, job.lane) for job in mine})

    def _show_presence(self) -> None:
        if time.monotonic() - self._beaten >= PRESENCE_SECONDS:
            beat(self.store.database, self._presence)
            self._beaten = time.monotonic()

    def _adopt(self, job: Job) -> bool:
        """Watch over a running job that an earlier supervisor of this host started, where it can be seen from here."""
        executor = self._executors.get(job.executor)
        if executor is None or job.supervisor != self._host:
            return False
        handle = executor.adopt(job)
        if handle is None:
            return False
        # Dead or alive: the next step tells, and ends what a dead one left behind.
        self._watched[job.id, job.attempt] = _Watched(job, executor, handle)
        logger.info("Job %s: found as %s.", job.id, handle)
        return True

    def _settle_silent(self, strangers: Sequence[Job]) -> None:
        """Jobs that nobody here can look at: those of other hosts, and those whose supervisor was killed between the
        claim and the start."""
        if not strangers:
            return
        present = {one.host: one.beaten_at for one in supervisors(self.store.database)}
        for job in strangers:
            elsewhere = job.supervisor != self._host and job.supervisor in present
            # Both are asked every time: each silence is counted from when it was first seen.
            silent = self._is_dead(job)
            watched_there = elsewhere and not self._pulse.is_silent(job.supervisor, present[job.supervisor])
            if silent and not watched_there:
                reason = "its process was lost" if not elsewhere else f"the machine {job.supervisor} was lost"
                settle(self.store, job, reason, Loss.FORGOTTEN)
                logger.info("Job %s: %s.", job.id, reason)

    def _is_dead(self, job: Job) -> bool:
        """Whether the process of a running job is gone: the process table tells, where it has it, else its silence."""
        if job.process is not None and job.process.is_local:
            return not job.process.is_alive()
        return self._pulse.is_silent((job.id, job.attempt), job.heartbeat_at)

    @staticmethod
    def _hosts(jobs: Sequence[Job]) -> set[str]:
        return {job.supervisor for job in jobs}

    def _look_at(self, key: tuple[str, int], watched: _Watched, row: Job | None) -> None:
        state = watched.executor.state(watched.handle)
        match state:
            case Ended():
                self._bury(key, state, _loss(state.code))
                return
            case OutOfSight() if row is None or self._is_dead(row):
                self._bury(key, Ended(state.reason), Loss.CRASH if state.failed else Loss.FORGOTTEN)
                return
            case Running():
                self._pulse.heard(key)  # silence counts from when it was last in sight
                if row is not None and state.waits_for != watched.waits_for:
                    tell_running(self.store, row, state.waits_for)
                    watched.waits_for = state.waits_for
        self._end_if_due(watched, row)

    def _bury(self, key: tuple[str, int], ended: Ended, loss: Loss) -> None:
        """Take leave of a process that has ended; if it left its job without a state, give it one."""
        watched = self._watched.pop(key)
        watched.executor.forget(watched.handle)
        said = _last_words(watched.job, ended) if loss is Loss.HOPELESS else ended.reason
        settle(self.store, watched.job, said, loss)
        logger.info("Job %s: %s.", watched.job.id, ended.reason)

    def _end_if_due(self, watched: _Watched, row: Job | None) -> None:
        """Politely first. A job whose row says that it has ended has the same time to leave by itself."""
        now = time.monotonic()
        if watched.ends_by is not None:
            if now >= watched.ends_by:
                watched.executor.stop(watched.handle, at_once=True)
        elif row is None:
            watched.ends_by = now + self._grace_seconds
        elif row.cancel_requested:
            logger.info("Job %s: asked to stop.", row.id)
            watched.executor.stop(watched.handle)
            watched.ends_by = now + self._grace_seconds

    def _start_waiting(self, waiting: set[Lane], *, occupied: set[tuple[str, Lane]]) -> None:
        occupied = occupied | {(watched.job.device, watched.job.lane) for watched in self._watched.values()}
        for lane in sorted(waiting):
            # One that wants more GPUs than are free holds up those behind it: else it would never have them.
            while wanted := processes_wanted(self.store, lane):
                room = self._executor.room(lane, occupied, wanted=wanted)
                if room.lack:
                    tell_waiting(self.store, lane, room.lack)
                if not room.places:
                    break
                place = room.places[0]
                job = claim(self.store, place, lane, supervisor=self._host, executor=self._executor.name)
                if job is None:
                    break
                occupied.add((place, lane))
                if not self._start(job):
                    break

    def _start(self, job: Job) -> bool:
        """Whether others may be started too: False where what runs them is out of reach."""
        begun = f"--- Start {job.attempt}, {utc_now():%Y-%m-%d %H:%M:%S} UTC, on {job.device} of {self._host}\n"
        try:
            job.folder.mkdir(parents=True, exist_ok=True)
            with job.log_path.open("ab") as log:
                log.write(begun.encode())
            handle = self._executor.start(job, [*self._runner, job.id, "--attempt", str(job.attempt)])
        except OutOfReach as error:
            postpone(self.store, job, str(error))
            logger.error("Job %s: not started now (%s).", job.id, error)
            return False
        except (CannotStart, OSError) as error:
            said = str(error) if isinstance(error, CannotStart) else f"Its process could not be started ({error})."
            settle(self.store, job, said, Loss.HOPELESS)
            logger.error("Job %s: could not be started (%s).", job.id, error)
        else:
            self._watched[job.id, job.attempt] = _Watched(job, self._executor, handle)
            record_handle(self.store, job, handle)
            logger.info("Job %s: started on %s as %s.", job.id, job.device, handle)
        return True

    def _shut_down(self) -> None:
        ending = {key: one for key, one in self._watched.items() if not one.executor.outlives_supervisor}
        for watched in ending.values():
            watched.executor.stop(watched.handle)
        deadline = time.monotonic() + self._grace_seconds
        while ending:
            for key, watched in list(ending.items()):
                state = watched.executor.state(watched.handle)
                if isinstance(state, Ended):
                    del ending[key]
                    with _logged():  # the next supervisor settles it
                        self._bury(key, state, Loss.INTERRUPTED)
                elif time.monotonic() >= deadline:
                    watched.executor.stop(watched.handle, at_once=True)
            time.sleep(0.05)
        for executor in self._executors.values():
            executor.close()
        with _logged():
            leave(self.store.database, self._presence)


@contextmanager
def _logged() -> Iterator[None]:
    """A database that cannot be written is no reason to stay."""
    try:
        yield
    except StorageError as error:
        logger.error("%s", error)


def _loss(code: int | None) -> Loss:
    """An ordinary exit would be the same the next time; a signal, an unknown end, a database that was away, may not."""
    return Loss.CRASH if code is None or code < 0 or code == DATABASE_AWAY else Loss.HOPELESS


class _Error(msgspec.Struct):
    message: str


class _LastWords(msgspec.Struct):
    """The last line of a command that was called with `--json` and has failed."""

    error: _Error


def _last_words(job: Job, ended: Ended) -> str:
    """What a command said before it ended, without having come to its job: bad arguments, a missing module."""
    last_line = tail(job.log_path, 1)
    with suppress(JobError):
        said = decode_json(last_line.encode(), _LastWords, error=JobError, what="The last line", advice="")
        return said.error.message
    return f"Its command ended with exit code {ended.code} before the work began: {last_line[:300]}"
