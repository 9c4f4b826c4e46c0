"""What a running job may write to its row, and until when."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from bcos_core.jobs.devices import device_at
from bcos_core.jobs.job import JobState
from bcos_core.jobs.paces import Taken, keep_paces
from bcos_core.jobs.process import ProcessId
from bcos_core.jobs.schema import JOB_METRICS, JOBS
from bcos_core.jobs.store import INTERRUPTED, NO_PROCESS, JobStore
from bcos_core.storage.database import upsert
from bcos_core.storage.plain import to_finite, to_plain
from bcos_core.storage.types import utc_now


@dataclass(frozen=True)
class Point:
    """One point of a curve."""

    series: str
    step: int
    value: float


@dataclass(frozen=True)
class Lease:
    """The right of one start (`attempt`) of a job to write to its row.

    It ends when the job ends, and when the job is started again: a process that was taken for dead, and
    comes back, changes nothing any more. Every method returns whether the lease was held.
    """

    store: JobStore
    id: str
    attempt: int

    @property
    def _held(self) -> ColumnElement[bool]:
        return and_(JOBS.c.id == self.id, JOBS.c.attempt == self.attempt, JOBS.c.state == JobState.RUNNING)

    def begin(self, process: ProcessId) -> bool:
        """Tell the row which process runs it."""
        return self._update(**process.columns(), message="")

    def beat(self, columns: dict[str, Any], points: Sequence[Point] = ()) -> bool:
        """Show that the job lives, with its progress and new points; False when it has to stop.

        A point that was told before is overwritten, so a resumed job may tell its steps again.
        """
        with self.store.database.write() as connection:
            statement = update(JOBS).where(self._held).values(heartbeat_at=utc_now(), **columns)
            row = connection.execute(statement.returning(JOBS.c.cancel_requested)).first()
            if row is None:
                return False
            upsert(connection, JOB_METRICS, self._rows(points), key=("job_id", "series", "step"))
        return not row.cancel_requested

    def succeed(
        self,
        result: dict[str, Any],
        artefacts: Sequence[str],
        taken: Sequence[Taken] = (),
        *,
        record: Callable[[Connection], None] | None = None,
    ) -> bool:
        """`taken` is what its parts took, for later jobs to know; so also of one that fails or is given up. `record`
        writes what is to be known of its artefacts, in the same transaction."""
        return self._end(
            JobState.SUCCEEDED,
            taken,
            record,
            result=to_finite(result, "The result of the job"),
            artefacts=to_plain(artefacts),
            progress=1.0,
            cancel_requested=False,
        )

    def has_succeeded(self) -> bool:
        """Whether `succeed` was heard, though its answer may have been lost on the way back."""
        told = and_(JOBS.c.id == self.id, JOBS.c.attempt == self.attempt, JOBS.c.state == JobState.SUCCEEDED)
        with self.store.database.read() as connection:
            return connection.scalar(select(JOBS.c.id).where(told)) is not None

    def fail(self, message: str, taken: Sequence[Taken] = ()) -> bool:
        return self._end(JobState.FAILED, taken, message=message)

    def give_up(self, taken: Sequence[Taken] = ()) -> bool:
        """Stop in the middle: cancelled if someone asked for that, else back in the queue, to go on later.

        A job in the foreground goes nowhere: whoever typed it has stopped it.
        """
        with self.store.database.write() as connection:
            query = select(JOBS.c.cancel_requested, JOBS.c.foreground, JOBS.c.device).where(self._held)
            row = connection.execute(query).first()
            if row is None:
                return False
            keep_paces(connection, taken, device_at(row.device))
            if row.cancel_requested or row.foreground:
                columns = {"state": JobState.CANCELLED, "ended_at": utc_now(), "message": "Cancelled."}
            else:
                columns = {"state": JobState.QUEUED, "message": INTERRUPTED}
            connection.execute(update(JOBS).where(self._held).values(eta_seconds=None, **NO_PROCESS, **columns))
        return True

    def _end(
        self,
        state: JobState,
        taken: Sequence[Taken],
        record: Callable[[Connection], None] | None = None,
        **columns: Any,
    ) -> bool:
        columns |= {"state": state, "ended_at": utc_now(), "eta_seconds": None, **NO_PROCESS}
        with self.store.database.write() as connection:
            device = connection.execute(select(JOBS.c.device).where(self._held)).scalar()
            if device is None:
                return False
            connection.execute(update(JOBS).where(self._held).values(columns))
            keep_paces(connection, taken, device_at(device))
            if record is not None:
                record(connection)
        return True

    def _update(self, **columns: Any) -> bool:
        with self.store.database.write() as connection:
            return connection.execute(update(JOBS).where(self._held).values(columns)).rowcount == 1

    def _rows(self, points: Sequence[Point]) -> list[dict[str, Any]]:
        # The last of several points at one step counts; one statement may not name a row twice.
        latest = {(point.series, point.step): point.value for point in points}
        return [
            {"job_id": self.id, "series": series, "step": step, "value": value if math.isfinite(value) else None}
            for (series, step), value in latest.items()
        ]
