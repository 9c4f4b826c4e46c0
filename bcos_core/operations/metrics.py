"""Prometheus metrics of what the database and the folders know, read when they are asked for: the same from whichever
process they are asked, the counts of jobs in other processes included."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, SummaryMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from sqlalchemy import Column, ColumnElement, Connection, extract, func, select

import bcos_core
from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.jobs.job import JobState
from bcos_core.jobs.kinds import NAMES
from bcos_core.jobs.lane import Lane
from bcos_core.jobs.schema import JOBS
from bcos_core.operations.checks import readiness
from bcos_core.storage.database import Database, open_engine
from bcos_core.storage.types import utc_now
from bcos_core.study.schema import STUDY_ANSWERS

SECONDS_OF_A_DAY = 86_400
Times = tuple[int, float]
"""How many, and their seconds together."""
OTHER = "other"
"""Kinds of job that this version does not know: a name in a row makes no new series."""


class StoredMetrics(Collector):
    """What is stored under one home. A database that cannot be read leaves its families out; `bcos_ready` says so."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def describe(self) -> Iterator[Metric]:
        """Nothing is looked up to be registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily("bcos_build", "The program.", value={"version": bcos_core.__version__})
        ready = GaugeMetricFamily("bcos_ready", "Whether a check of readiness passes.", labels=["check"])
        checks = readiness(self._home)
        for check in checks:
            ready.add_metric([check.name], float(check.ok))
        yield ready
        with suppress(OSError):
            free = shutil.disk_usage(self._home.root).free
            yield GaugeMetricFamily("bcos_disk_free_bytes", "Free on the disk of BCOS_HOME.", value=float(free))
        if next(check.ok for check in checks if check.name == "database"):
            with suppress(StorageError):
                yield from self._of_database()

    def _of_database(self) -> list[Metric]:
        """All in one view; nothing of it where it cannot be read to its end."""
        counted = select(JOBS.c.kind, JOBS.c.state, func.count()).group_by(JOBS.c.kind, JOBS.c.state)
        oldest = select(JOBS.c.lane, func.min(JOBS.c.created_at)).where(JOBS.c.state == JobState.QUEUED)
        # A job that was started once has waited from when it was asked for; later starts say nothing of the queue.
        once = JOBS.c.attempt == 1
        with Database(open_engine(self._home)).read() as connection:
            numbers = connection.execute(counted).all()
            waiting = dict(tuple(row) for row in connection.execute(oldest.group_by(JOBS.c.lane)))
            waited = _between(connection, JOBS.c.lane, JOBS.c.created_at, JOBS.c.started_at, once)
            ran = _between(connection, JOBS.c.kind, JOBS.c.started_at, JOBS.c.ended_at, once)
            answers = connection.execute(select(func.count()).select_from(STUDY_ANSWERS)).scalar_one()
        jobs: dict[tuple[str, str], int] = {(kind, state): 0 for kind in NAMES for state in JobState}
        waits: dict[str, Times] = dict.fromkeys(Lane, (0, 0.0)) | waited
        runs: dict[str, Times] = dict.fromkeys(NAMES, (0, 0.0))
        for kind, state, number in numbers:
            key = (kind if kind in NAMES else OTHER, state)
            jobs[key] = jobs.get(key, 0) + number
        for kind, (number, seconds) in ran.items():
            known = kind if kind in NAMES else OTHER
            before = runs.get(known, (0, 0.0))
            runs[known] = (before[0] + number, before[1] + seconds)
        states = GaugeMetricFamily("bcos_jobs", "Jobs by kind and state.", labels=["kind", "state"])
        for (kind, state), number in jobs.items():
            states.add_metric([kind, state], number)
        queue = GaugeMetricFamily("bcos_queue_oldest_seconds", "Since when the next job waits.", labels=["lane"])
        for lane in Lane:
            since = waiting.get(lane)
            queue.add_metric([lane], (utc_now() - since).total_seconds() if since else 0.0)
        saved = GaugeMetricFamily("bcos_answers", "Answers of raters that are stored.", value=answers)
        return [
            states,
            queue,
            _summary("bcos_job_wait_seconds", "From asking for a job to its first start.", "lane", waits),
            _summary("bcos_job_run_seconds", "From the only start of a job to its end.", "kind", runs),
            saved,
        ]


def _between(
    connection: Connection, by: Column[str], start: Column[datetime], end: Column[datetime], where: ColumnElement[bool]
) -> dict[str, Times]:
    """The seconds from the one time to the other, added up by the database: however many jobs there are, a row for each
    lane or kind is read."""
    if connection.dialect.name == "sqlite":
        seconds: ColumnElement[Any] = (func.julianday(end) - func.julianday(start)) * SECONDS_OF_A_DAY
    else:
        seconds = extract("epoch", end - start)
    query = select(by, func.count(), func.sum(seconds)).where(where, start.is_not(None), end.is_not(None)).group_by(by)
    return {str(one): (int(number), float(total)) for one, number, total in connection.execute(query)}


def _summary(name: str, about: str, label: str, values: Mapping[str, Times]) -> Metric:
    family = SummaryMetricFamily(name, about, labels=[label])
    for one, (number, seconds) in values.items():
        family.add_metric([one], count_value=number, sum_value=seconds)
    return family
