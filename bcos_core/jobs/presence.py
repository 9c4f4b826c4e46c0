"""Which hosts have a supervisor that runs jobs of this database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from bcos_core.errors import JobError
from bcos_core.jobs.job import seems_alive
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.schema import SUPERVISORS
from bcos_core.storage.database import Database, upsert
from bcos_core.storage.types import utc_now


@dataclass(frozen=True)
class Presence:
    """One supervisor: where it runs, for which home, how it runs jobs, and when it last wrote that it lives."""

    host: str
    home: str
    executor: str
    process: ProcessId
    started_at: datetime
    beaten_at: datetime

    @property
    def seems_alive(self) -> bool:
        """As of a job."""
        return seems_alive(self.process, self.beaten_at)


def supervisors(database: Database) -> Sequence[Presence]:
    """All that are written down, also those that were killed."""
    query = select(SUPERVISORS).order_by(SUPERVISORS.c.host)
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [
        Presence(
            row.host,
            row.home,
            row.executor,
            ProcessId(row.host, row.pid_space, row.pid, row.pid_started),
            row.started_at,
            row.beaten_at,
        )
        for row in rows
    ]


FORGOTTEN_AFTER = timedelta(days=7)


def require_alone(database: Database, presence: Presence) -> None:
    """Also forgets hosts that have long been gone: containers have a new name each time.

    Raises:
        JobError: another process of this host runs jobs of this database, for another home.
    """
    for other in supervisors(database):
        process = other.process
        same_host = other.host == presence.host and process != presence.process
        if same_host and process.is_local and process.is_alive():
            raise JobError(
                f"A supervisor of this host runs jobs of this database already (process {process.pid}, "
                f"for {other.home}): the two would share its devices without knowing. Stop that one first."
            )
    with database.write() as connection:
        connection.execute(delete(SUPERVISORS).where(SUPERVISORS.c.beaten_at < utc_now() - FORGOTTEN_AFTER))


def beat(database: Database, presence: Presence) -> None:
    """Write down that a supervisor runs now, in the place of an earlier one of its host."""
    row = {
        "host": presence.host,
        "home": presence.home,
        "executor": presence.executor,
        "pid_space": presence.process.space,
        "pid": presence.process.pid,
        "pid_started": presence.process.started,
        "started_at": presence.started_at,
        "beaten_at": utc_now(),
    }
    with database.write() as connection:
        upsert(connection, SUPERVISORS, [row], key=("host",))


def leave(database: Database, presence: Presence) -> None:
    """It runs no longer."""
    same = (SUPERVISORS.c.host == presence.host, SUPERVISORS.c.pid == presence.process.pid)
    with database.write() as connection:
        connection.execute(delete(SUPERVISORS).where(*same, SUPERVISORS.c.pid_space == presence.process.space))
