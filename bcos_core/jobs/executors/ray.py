"""Jobs as Ray Jobs on a cluster that is there already. The database stays the authority; Ray only runs the command.

Ray is an own installation (`requirements-cluster.txt`), imported when it is used.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import shlex
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, make_url

from bcos_core.device import CPU, CUDA, DEVICE
from bcos_core.home import CHECKOUT, Home
from bcos_core.jobs.executors.executor import (
    GRACE_SECONDS,
    Ended,
    Occupied,
    OutOfReach,
    OutOfSight,
    Room,
    Running,
    State,
)
from bcos_core.jobs.executors.places import cluster_room
from bcos_core.jobs.executors.ray_client import RayClient, in_a_line, load_ray
from bcos_core.jobs.executors.settings import RaySettings
from bcos_core.jobs.job import Job
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.process import exit_in_words
from bcos_core.storage.database import URL_VARIABLE

LOOK_SECONDS = 0.5
BEGINNING_SECONDS = 0.1
"""How often the log of a job that should begin is asked for: somebody may be waiting for its first lines."""
LOOK_FOR_CLUSTER_SECONDS = 5.0
SOON_SECONDS = 8.0
"""A job that Ray has not begun by then waits for room."""
SHORT_LOG_BYTES = 64 * 1024
LAST_LINES_SECONDS = 5.0
"""How long the rest of the log of an ended job is waited for."""
PASSED_ON = (
    "BCOS_ROOTS",
    "BCOS_PRECISION",
    "BCOS_DETERMINISTIC",
    "BCOS_STORE",
    "HF_HUB_OFFLINE",
    "TOKENIZERS_PARALLELISM",
)
"""Variables of the supervisor's environment that jobs have, too. Secrets are none of them: a cluster shows them."""
LOST = ("JOB_SUPERVISOR_ACTOR_START_TIMEOUT", "JOB_SUPERVISOR_ACTOR_DIED")
"""What Ray calls it when it has had no room for a job in a quarter of an hour, or has lost the machine meant for it."""
NOT_UPLOADED = (".git", ".venv", ".bcos", "build", "**/__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache")

logger = logging.getLogger(__name__)


class RayExecutor:
    """Each job is a Ray Job whose submission id has the job's id and attempt: no attempt is submitted twice.

    A thread asks the cluster how the jobs are, and one for each job brings its log, so that a supervisor never waits
    for a cluster that does not answer. What cannot be seen lives by the heartbeats that it writes into the database.
    """

    name = "ray"
    outlives_supervisor = True

    def __init__(self, home: Home, settings: RaySettings, *, code: Path = CHECKOUT) -> None:
        self._home = home
        self._settings = settings
        self._code = code
        self._followed: dict[str, _Followed] = {}
        self._looked = float("-inf")
        self._hindrance = ""
        self._closed = threading.Event()
        self._watcher: threading.Thread | None = None

    def open(self) -> None:
        load_ray()

    def room(self, lane: Lane, occupied: Occupied, *, wanted: int = 1) -> Room:
        """All processes of a job are on one machine of the cluster."""
        room = cluster_room(self.name, self._settings, lane, occupied, wanted=wanted)
        if not room.places:
            return room
        if time.monotonic() - self._looked >= LOOK_FOR_CLUSTER_SECONDS:
            try:
                RayClient.connect(self._settings.address)
                self._see("")
            except OutOfReach as error:
                self._see(str(error))
        return Room((), self._hindrance) if self._hindrance else room

    def _see(self, hindrance: str) -> None:
        self._looked, self._hindrance = time.monotonic(), hindrance

    def start(self, job: Job, command: Sequence[str]) -> str:
        id, handle = self._names(job)
        begin = job.log_path.stat().st_size
        try:
            client = RayClient.connect(self._settings.address)
            client.submit(
                id,
                # The shell that Ray starts becomes the job: its exit code and its signals are the job's.
                f"exec {shlex.join([self._settings.python, *command])}",
                {
                    "working_dir": str(self._code),
                    "excludes": list(NOT_UPLOADED),
                    "env_vars": self._environment(),
                },
                cpus=self._settings.cpus,
                gpus=self._settings.gpus,
            )
        except OutOfReach as error:
            self._see(str(error))
            raise
        self._follow(handle, id, job, begin)
        return handle

    def _names(self, job: Job) -> tuple[str, str]:
        """The submission id of this start of a job, and the handle that says on which cluster."""
        id = f"bcos-{job.id}-{job.attempt}"
        return id, f"{self._settings.address} {id}"

    def _environment(self) -> dict[str, str]:
        passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        if url := os.environ.get(URL_VARIABLE, "").strip():
            # Whoever may look at a cluster sees these. The password is the nodes' own: PGPASSFILE or PGPASSWORD there.
            passed[URL_VARIABLE] = _without_password(make_url(url)).render_as_string()
        return {
            **passed,
            "BCOS_HOME": str(self._home.root),
            DEVICE: CUDA if self._settings.gpus else CPU,
            "OMP_NUM_THREADS": str(self._settings.cpus),
            "PYTHONUNBUFFERED": "1",
            "RAY_JOB_STOP_WAIT_TIME_S": str(round(GRACE_SECONDS)),
        }

    def adopt(self, job: Job) -> str | None:
        # One that was killed before it wrote down the handle has submitted this id, or nothing.
        id, handle = self._names(job)
        handle = job.handle or handle
        if handle.partition(" ")[0] != self._settings.address:
            return None
        self._follow(handle, id, job, _beginning(job.log_path, job.attempt))
        return handle

    def _follow(self, handle: str, id: str, job: Job, begin: int) -> None:
        if handle in self._followed:
            return
        load_ray()  # here, once: two threads that import it at the same time may find half of it
        followed = _Followed(id, self._settings, job.log_path, begin)
        self._followed[handle] = followed
        followed.start()
        if self._watcher is None:
            self._watcher = threading.Thread(target=self._watch, name="ray-watcher", daemon=True)
            self._watcher.start()

    def _watch(self) -> None:
        while not self._closed.wait(LOOK_SECONDS):
            for followed in list(self._followed.values()):
                try:
                    followed.look()
                except Exception:  # an answer that Ray's client does not foresee: the jobs are looked at all the same
                    logger.exception("How %s is could not be asked.", followed.id)
                    followed.state = OutOfSight("the cluster answered with what is not understood")

    def state(self, handle: str) -> State:
        followed = self._followed.get(handle)
        return OutOfSight("its process was lost") if followed is None else followed.state

    def stop(self, handle: str, *, at_once: bool = False) -> None:
        """Ray kills by itself what has not ended in time."""
        if followed := self._followed.get(handle):
            followed.ask_to_stop()

    def forget(self, handle: str) -> None:
        if followed := self._followed.pop(handle, None):
            followed.close()

    def close(self) -> None:
        self._closed.set()
        for handle in list(self._followed):
            self.forget(handle)


@dataclass
class _Followed:
    """One start of a job on the cluster: how it is, and its log on the way to the file here."""

    id: str
    settings: RaySettings
    log: Path
    begin: int  # where in the file this start's part begins
    state: State = field(default_factory=Running)
    _since: float = field(default_factory=time.monotonic)
    _client: RayClient | None = None
    _ended_at: float | None = None
    _stop_wanted: bool = False
    _stop_told: bool = False
    _closed: threading.Event = field(default_factory=threading.Event)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _log_is_whole: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        threading.Thread(target=self._bring_log, name=f"log of {self.id}", daemon=True).start()

    def close(self) -> None:
        """Nothing is written into the log any more: what comes next in it is another start's."""
        with self._writing:
            self._closed.set()

    def ask_to_stop(self) -> None:
        self._stop_wanted = True

    def look(self) -> None:
        """Ask the cluster."""
        try:
            client = self._client = self._client or RayClient.connect(self.settings.address)
            if self._stop_wanted:
                client.stop(self.id)
                self._stop_wanted, self._stop_told = False, True
            found = self._read(client.info(self.id))
        except OutOfReach as error:
            self._client, found = None, OutOfSight(error.reason)
        if isinstance(found, Ended):
            self._ended_at = self._ended_at or time.monotonic()
            waited = time.monotonic() - self._ended_at >= LAST_LINES_SECONDS
            if not self._log_is_whole.is_set() and not waited:
                return
        self.state = found

    def _read(self, info: Any) -> State:
        if info is None:
            return OutOfSight(f"the cluster at {self.settings.address} does not know it any more")
        status, code, said = str(info.status), info.driver_exit_code, in_a_line(info.message)
        if status == "PENDING" and self._stop_told:
            # Ray keeps it until there is room, and ends it then; were it quicker, the database would refuse its start.
            return Ended("it was stopped before it began")
        if status == "PENDING":
            late = time.monotonic() - self._since >= SOON_SECONDS
            return Running(f"Waits for room on the cluster: it wants {self.settings.wanted}." if late else "")
        if status == "RUNNING":
            return Running()
        if status == "STOPPED":
            return Ended("it was stopped on the cluster")
        if status == "SUCCEEDED" or code is not None:
            return Ended(exit_in_words(code or 0), code or 0)
        # Its node or the actor above it is gone; whether the process is, too, its heartbeat tells.
        return OutOfSight(f"the cluster lost it ({said})", failed=info.error_type not in LOST)

    def _bring_log(self) -> None:
        client: RayClient | None = None
        while not self._closed.is_set():
            ended = self._ended_at is not None  # before it is read: what was written until then is in it
            try:
                client = client or RayClient.connect(self.settings.address)
                # Short logs are asked for whole, which brings a new line sooner; long ones are followed.
                if self._written() > SHORT_LOG_BYTES:
                    asyncio.run(self._follow_log(client))
                    ended = self._ended_at is not None
                elif (text := client.log(self.id)) is not None:
                    self._append(text.encode("utf-8", "replace")[self._written() :])
                if ended:
                    self._log_is_whole.set()
                    return
            except (OutOfReach, OSError):  # the cluster, or the disk here: both may come back
                client = None
            except Exception:  # an answer that Ray's client does not foresee: the next one may be another
                logger.exception("The log of %s could not be brought.", self.id)
                client = None
            begins = time.monotonic() - self._since < SOON_SECONDS
            self._closed.wait(BEGINNING_SECONDS if begins else LOOK_SECONDS)

    async def _follow_log(self, client: RayClient) -> None:
        """Ray tells a log from its beginning: what is in the file already is left out."""
        known = self._written()
        async for text in client.follow_log(self.id):
            if self._closed.is_set():
                return
            data = text.encode("utf-8", "replace")
            new, known = data[known:], max(0, known - len(data))
            self._append(new)

    def _written(self) -> int:
        return max(0, self.log.stat().st_size - self.begin)

    def _append(self, data: bytes) -> None:
        with self._writing:
            if data and not self._closed.is_set():
                with self.log.open("ab") as file:
                    file.write(data)


def _without_password(url: URL) -> URL:
    return URL.create(
        url.drivername, username=url.username, host=url.host, port=url.port, database=url.database, query=url.query
    )


def _beginning(log: Path, attempt: int) -> int:
    """Where in a job's log the part of that start begins: after the supervisor's line."""
    with suppress(OSError):
        content = log.read_bytes()
        for found in reversed(list(re.finditer(rb"^--- Start %d, .*\n" % attempt, content, re.MULTILINE))):
            return found.end()
        return len(content)
    return 0
