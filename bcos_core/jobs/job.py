"""What a job is: one row, as a frozen record."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import RowMapping

from bcos_core.jobs.process import ProcessId
from bcos_core.storage.plain import to_plain
from bcos_core.storage.types import utc_now

LEASE = timedelta(seconds=15)
"""How long a running job is believed to live after its last heartbeat, where its process cannot be looked at: on
another machine, in another container, before the machine started anew."""


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE_STATES = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True)
class Job:
    """One job as it stood when it was read.

    `argv` is the command after the interpreter's name (`-m bcos_core …`). `progress` is the share of the
    whole job that is done, from 0 to 1, or None before it is known. `eta_seconds` is the time left of the
    whole job, or, where `eta_of_stage` is true, of the present stage only. `message` is for a person: what
    went wrong in a failed job. `attempt` counts the starts. All times are aware, in UTC. `folder` holds the
    log and, under `work`, what a restarted job goes on from.
    """

    id: str
    key: str
    kind: str
    title: str
    argv: tuple[str, ...]
    spec: dict[str, Any]
    foreground: bool
    state: JobState
    message: str
    cancel_requested: bool
    attempt: int
    crashes: int
    device: str
    host: str
    pid: int | None
    pid_space: str | None
    pid_started: float | None
    stage: str
    stage_index: int
    stage_count: int
    progress: float | None
    eta_seconds: float | None
    eta_of_stage: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    heartbeat_at: datetime | None
    result: dict[str, Any] | None
    artefacts: tuple[str, ...]
    folder: Path

    @classmethod
    def from_row(cls, row: RowMapping, *, jobs_folder: Path) -> Job:
        values = {field.name: row[field.name] for field in fields(cls) if field.name != "folder"}
        values["state"] = JobState(row["state"])
        values["argv"] = tuple(row["argv"])
        values["artefacts"] = tuple(row["artefacts"])
        return cls(**values, folder=jobs_folder / row["id"])

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
        """Whether the process of a running job lives.

        The process table knows, if the process is one of those in it; else the heartbeat tells.
        """
        if self.process is not None and self.process.is_local:
            return self.process.is_alive()
        return self.heartbeat_at is not None and utc_now() - self.heartbeat_at < LEASE

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
