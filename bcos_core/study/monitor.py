"""How far an open study is: counted in the database, because pages look again and again while raters answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, Row, Select, Text, and_, case, cast, func, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from bcos_core.storage.database import Database
from bcos_core.study.assignment import Counts, SlotKind
from bcos_core.study.locked import LockedStudy
from bcos_core.study.results import left_out_because
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_RATERS, STUDY_SLOTS

NEWEST = 200


@dataclass(frozen=True)
class RaterProgress:
    """One rater, without anything that they answered."""

    arrival: int
    finished_at: datetime | None
    withdrawn_at: datetime | None
    screened_out_at: datetime | None
    items: int
    """Items that they have answered in full; practice and checks are none."""
    median_seconds: float | None
    failed_checks: int
    checks: int
    left_out: str
    """Why the study's rule leaves them out as they stand now; "" where it does not."""


@dataclass(frozen=True)
class StudyProgress:
    raters: int
    finished: int
    left_out: int
    counts: Counts
    """(item, cell) → items that are answered in full, as the export has them."""
    in_hand: int
    """Items that somebody has in front of them and has not answered yet."""
    newest: tuple[RaterProgress, ...]
    """Those who came last, in the order in which they came."""


def study_progress(database: Database, study: str, locked: LockedStudy, *, newest: int = NEWEST) -> StudyProgress:
    """What is read of the database are cells and raters, never answers."""
    with database.read() as connection:
        counts, in_hand = _items(connection, study)
        rows = connection.execute(_raters(study)).all()
        # Of those who are not shown, the pace matters only where the rule has one.
        asked = None if locked.design.exclusion.fastest else [row.id for row in rows[-newest:]]
        medians = {row.rater: row for row in connection.execute(_medians(study, asked))}
        checks = _checks(connection, study, locked)
    found = [_rater(row, medians.get(row.id), checks.get(row.id), locked) for row in rows]
    return StudyProgress(
        raters=len(found),
        finished=sum(one.finished_at is not None for one in found),
        left_out=sum(bool(one.left_out) for one in found),
        counts=counts,
        in_hand=in_hand,
        newest=tuple(found[-newest:]),
    )


def _rater(row: Row[Any], pace: Row[Any] | None, checks: tuple[int, int] | None, locked: LockedStudy) -> RaterProgress:
    failed, seen = checks or (0, 0)
    items, median = (0, None) if pace is None else (int(pace.answered), float(pace.median))
    why = "" if row.withdrawn_at else left_out_because(locked.design.exclusion, failed, seen, median)
    times = (row.finished_at, row.withdrawn_at, row.screened_out_at)
    return RaterProgress(row.arrival, *times, items, median, failed, seen, why)


def _items(connection: Connection, study: str) -> tuple[Counts, int]:
    """The answered items by item and cell, and how many are open. One that is open is nobody's answer yet, although
    assignment counts on it."""
    table = STUDY_SLOTS.c
    answered = func.count(table.answered_at)
    query = select(table.item, table.cell, answered, func.count()).where(
        table.study == study, table.kind == SlotKind.ITEM.value, table.released_at.is_(None)
    )
    rows = connection.execute(query.group_by(table.item, table.cell)).all()
    return {(item, cell): done for item, cell, done, _ in rows}, sum(given - done for _, _, done, given in rows)


def _raters(study: str) -> Select[Any]:
    table = STUDY_RATERS.c
    columns = (table.id, table.arrival, table.finished_at, table.withdrawn_at, table.screened_out_at)
    return select(*columns).where(table.study == study).order_by(table.arrival)


def _medians(study: str, raters: Sequence[str] | None) -> Select[Any]:
    """Rater → items answered, and the median of their seconds; of some raters, or of all."""
    table = STUDY_SLOTS.c
    seconds = _SecondsBetween(table.opened_at, table.answered_at)
    answered = (
        table.study == study,
        *([] if raters is None else [table.rater.in_(raters)]),
        table.kind == SlotKind.ITEM.value,
        table.answered_at.is_not(None),
        table.released_at.is_(None),
    )
    ranked = (
        select(
            table.rater,
            seconds.label("seconds"),
            func.row_number().over(partition_by=table.rater, order_by=seconds).label("place"),
            func.count().over(partition_by=table.rater).label("answered"),
        )
        .where(*answered)
        .subquery()
        .c
    )
    # The middle one of an odd number n: 2 place = n + 1; the middle two of an even one: 2 place = n, n + 2.
    middle = (2 * ranked.place).in_([ranked.answered, ranked.answered + 1, ranked.answered + 2])
    columns = (ranked.rater, func.max(ranked.answered).label("answered"), func.avg(ranked.seconds).label("median"))
    return select(*columns).where(middle).group_by(ranked.rater)


def _checks(connection: Connection, study: str, locked: LockedStudy) -> dict[str, tuple[int, int]]:
    """Rater → instructed checks that they failed, and that they answered."""
    checks = locked.of_kind("instructed")
    if not checks:
        return {}
    answer, slot, rater = STUDY_ANSWERS.c, STUDY_SLOTS.c, STUDY_RATERS.c
    value = cast(answer.value, Text)  # as it is stored: JSON
    wrong: list[ColumnElement[bool]] = [
        and_(answer.item == item.id, answer.dimension == question, value.not_in([json.dumps(one) for one in passing]))
        for item in checks
        for question, passing in item.expected.items()
    ]
    one_check = (
        select(answer.rater, func.max(case((or_(*wrong), 1), else_=0)).label("failed"))
        .join(STUDY_SLOTS, (slot.rater == answer.rater) & (slot.position == answer.position))
        .join(STUDY_RATERS, rater.id == answer.rater)
        .where(answer.study == study, answer.item.in_([item.id for item in checks]))
        .where(slot.released_at.is_(None), rater.withdrawn_at.is_(None))
        .group_by(answer.rater, answer.item)
        .subquery()
        .c
    )
    query = select(one_check.rater, func.sum(one_check.failed), func.count()).group_by(one_check.rater)
    return {who: (int(failed), int(seen)) for who, failed, seen in connection.execute(query)}


class _SecondsBetween(FunctionElement[float]):
    """From one time to a later one. Databases have no common way to say it."""

    type = Float()
    inherit_cache = True


@compiles(_SecondsBetween, "sqlite")
def _between_on_sqlite(element: _SecondsBetween, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(one, **options) for one in element.clauses)
    return f"((julianday({end}) - julianday({begin})) * 86400.0)"


@compiles(_SecondsBetween, "postgresql")
def _between_on_postgresql(element: _SecondsBetween, compiler: Any, **options: Any) -> str:
    begin, end = (compiler.process(one, **options) for one in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM {end} - {begin}) AS DOUBLE PRECISION)"
