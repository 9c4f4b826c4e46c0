"""What runs the processes of jobs, as a supervisor speaks with it: on this machine, or on a cluster.

The command is the same everywhere, `python -m bcos_core job ID --attempt N`: it reads what was asked from the database
and writes what becomes of it there. An executor starts it, tells whether it still runs, ends it and brings its log.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Protocol

from bcos_core.errors import JobError
from bcos_core.jobs.job import Job
from bcos_core.jobs.lane import Lane

GRACE_SECONDS = 10.0
"""Between being asked to end and being killed."""

Occupied = Set[tuple[str, Lane]]
"""The places that jobs of this supervisor have, each with the lane of its job."""


class CannotStart(JobError):
    """The process of a job was not started, and would not be the next time either."""


class OutOfReach(JobError):
    """What runs the jobs cannot be reached now: nothing was started. `reason` is part of a sentence."""

    def __init__(self, reason: str, advice: str) -> None:
        super().__init__(f"{reason[:1].upper()}{reason[1:]}. {advice}")
        self.reason = reason


@dataclass(frozen=True)
class Running:
    """The process lives; or it will, and `waits_for` says what it needs first."""

    waits_for: str = ""


@dataclass(frozen=True)
class Ended:
    """The process is gone, and everything it has written is in the log. `reason` says how it ended, as part of a
    sentence; `code` is its exit code as `subprocess` gives it, None where nobody knows it."""

    reason: str
    code: int | None = None


@dataclass(frozen=True)
class OutOfSight:
    """Whether the process lives cannot be told, and `reason` says why, as part of a sentence. Its heartbeat tells.

    `failed`: this start could not go well, as the cluster says. Else one that had not begun was just forgotten: that
    was no start.
    """

    reason: str
    failed: bool = False


State = Running | Ended | OutOfSight


@dataclass(frozen=True)
class Room:
    """The `places` where a job of a lane can begin now, the best first; `lack` says what waiting jobs wait for, where
    it is not just those before them."""

    places: Sequence[str] = ()
    lack: str = ""


class Executor(Protocol):
    """A handle is text that names one start of a job to the executor that gave it; it is kept in the job's row, so that
    a supervisor can watch over what an earlier one has started."""

    name: str
    outlives_supervisor: bool
    """Whether jobs go on while no supervisor runs; else they are stopped with it, and go on at the next start."""

    def open(self) -> None:
        """Jobs come from now on: what takes a moment is made ready before the first."""
        ...

    def room(self, lane: Lane, occupied: Occupied, *, wanted: int = 1) -> Room:
        """Where a job can begin that is to have so many GPUs, as far as there are as many here."""
        ...

    def start(self, job: Job, command: Sequence[str]) -> str:
        """Start the process of a claimed job, whose `device` is one of the places of `room`, and give its handle.
        `command` comes after the interpreter's name. What the process writes comes to the job's log.

        Raises:
            CannotStart: it cannot be.
            OutOfReach: not now.
        """
        ...

    def adopt(self, job: Job) -> str | None:
        """Watch over a running job that an earlier supervisor started; its handle, None where it cannot be seen from
        here."""
        ...

    def state(self, handle: str) -> State: ...

    def stop(self, handle: str, *, at_once: bool = False) -> None:
        """Let the process and everything it started end: by being asked to, or `at_once`."""
        ...

    def forget(self, handle: str) -> None:
        """Nobody asks for it any more."""
        ...

    def close(self) -> None:
        """Nothing is asked of this executor any more."""
        ...
