"""What a job is: one row, as a frozen record."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from sqlalchemy import RowMapping

from bcos_core.errors import DamagedJobError
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.process import ProcessId
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import from_plain
from bcos_core.storage.types import utc_now

LEASE = timedelta(seconds=15)
"""How long a running job is believed to live after its last heartbeat, where its process cannot be looked at: on
another machine, in another container, before the machine started anew."""


def seems_alive(process: ProcessId | None, beaten_at: datetime | None) -> bool:
    """Whether a process lives that writes a heartbeat: the process table knows, if it is one of those in it; else its
    last heartbeat tells."""
    if process is not None and process.is_local:
        return process.is_alive()
    return beaten_at is not None and utc_now() - beaten_at < LEASE


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
ACTIVE_STATES = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Job:
    """One job as it stood when it was read.

    `owner` is the id of the account that asked for it, "" where none did. `spec` is what was asked, as its kind
    (`bcos_core.jobs.kinds`) reads it. `progress` is the share of the whole job that is done, from 0 to 1, or None
    before it is known; `eta_seconds` is the time left of the whole job. It was expected to take `expected_seconds`
    when it was asked for; `late`: it takes longer. `message` is for a person: what went wrong in a failed job.
    `attempt` counts the starts. `supervisor` is the host whose supervisor started it, "" for one that a person typed;
    `executor` and `handle` say how (see `bcos_core.jobs.executors`), `host` is where its process runs. All times are
    aware, in UTC. `folder` holds the log and, under `work`, what a restarted job goes on from.
    """

    id: str
    owner: str
    key: str
    kind: str
    title: str
    spec: dict[str, Any]
    lane: Lane
    foreground: bool
    state: JobState
    message: str
    cancel_requested: bool
    attempt: int
    crashes: int
    device: str
    supervisor: str
    executor: str
    handle: str
    host: str
    pid: int | None
    pid_space: str | None
    pid_started: float | None
    stage: str
    stage_index: int
    stage_count: int
    progress: float | None
    eta_seconds: float | None
    expected_seconds: float | None
    late: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    result: dict[str, Any] | None
    artefacts: tuple[str, ...]
    folder: Path

    @classmethod
    def from_row(cls, row: RowMapping, *, jobs_folder: Path) -> Job:
        """
        Raises:
            DamagedJobError: the row is.
        """
        values = {field.name: row[field.name] for field in fields(cls) if field.name != "folder"}
        id = str(row["id"])
        what, advice = f"The row of job {id}", damaged_advice(id)
        stored = from_plain(values, _row_type(), error=DamagedJobError, what=what, advice=advice)
        if not FOLDER_NAME.fullmatch(id):
            raise DamagedJobError(f"The id of job {id[:80]!r} is no name of a folder. {damaged_advice(id)}")
        return cls(**msgspec.structs.asdict(stored), folder=jobs_folder / id)

    @property
    def active(self) -> bool:
        """Waiting or running."""
        return self.state in ACTIVE_STATES

    @property
    def process(self) -> ProcessId | None:
        """The process that runs it, None before it has told its number."""
        if self.pid is None or self.pid_space is None or self.pid_started is None:
            return None
        return ProcessId(host=self.host, space=self.pid_space, pid=self.pid, started=self.pid_started)

    def seems_alive(self) -> bool:
        """Whether the process of a running job lives."""
        return seems_alive(self.process, self.heartbeat_at)

    @property
    def log_path(self) -> Path:
        return self.folder / "job.log"

    @property
    def work(self) -> Path:
        """Unfinished work, kept between the starts of one job."""
        return self.folder / "work"

    @property
    def journal_path(self) -> Path:
        return self.folder / "points.jsonl"

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {**to_plain(self), "log_path": str(self.log_path)}


@cache
def _row_type() -> type[msgspec.Struct]:
    """The columns of a job as types, with everything that `Job` has of them."""
    return msgspec.defstruct("JobRow", [(name, kind) for name, kind in get_type_hints(Job).items() if name != "folder"])


def damaged_advice(id: str) -> str:
    return f"Delete it: `python -m bcos_core jobs delete {id}`."


def unreadable_row(id: str) -> DamagedJobError:
    """A row with a cell that is not what its column is for."""
    return DamagedJobError(f"The row of job {id} cannot be read. {damaged_advice(id)}")
