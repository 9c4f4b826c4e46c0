"""Processes that answer a simulated study at once, and what the database has of what they were told is saved."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from bcos_core.home import CHECKOUT, Home
from bcos_core.storage.database import Database
from bcos_core.study.events import EventKind, events_of
from bcos_core.study.plan import Plan
from bcos_core.study.schema import STUDY_ANSWERS
from bcos_core.study.simulated_writer import Acknowledgement, WriterWork
from bcos_core.study.slots import counts_of


def start_writer(home: Home, work: WriterWork) -> subprocess.Popen[str]:
    """A process of simulated raters, at work on `home`'s database."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bcos_core.study.simulated_writer"],
        cwd=CHECKOUT,
        env={**os.environ, "BCOS_HOME": str(home.root)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    process.stdin.write(work.to_json())  # not on the command line, where every user of the machine could read it
    process.stdin.close()
    process.stdin = None
    return process


def lost_answers(database: Database, study: str, acknowledged: Sequence[Acknowledgement]) -> list[Acknowledgement]:
    """The acknowledged answers that the database does not hold as they were acknowledged."""
    table = STUDY_ANSWERS.c
    query = select(table.rater, table.item, table.dimension, table.value).where(table.study == study)
    held: dict[tuple[str, str], dict[str, Any]] = {}
    with database.read() as connection:
        for rater, item, dimension, value in connection.execute(query):
            held.setdefault((rater, item), {})[dimension] = value
    return [one for one in acknowledged if held.get((one.rater, one.item)) != one.values]


def duplicated_answers(database: Database, study: str) -> int:
    """Rows and events beyond one for a rater, an item and a dimension. Simulated raters change no answer."""
    table = STUDY_ANSWERS.c
    with database.read() as connection:
        rows = connection.execute(select(table.rater, table.item, table.dimension).where(table.study == study)).all()
    answered = (EventKind.ANSWERED, EventKind.CHANGED)
    events = [(one.rater, one.payload["item"]) for one in events_of(database, study) if one.kind in answered]
    return sum(number - 1 for counter in (Counter(map(tuple, rows)), Counter(events)) for number in counter.values())


def counted(database: Database, plan: Plan, acknowledged: Sequence[Acknowledgement]) -> dict[str, Any]:
    """The figures of `SimulationResult` that are about answers."""
    with database.read() as connection:
        counts = counts_of(connection, plan.study)
    filled = [[counts.get((item, cell), 0) for cell in plan.cells] for item in plan.items]
    saves = sorted(1000 * one.save_seconds for one in acknowledged)
    return {
        "saved": len({one.key for one in acknowledged}),
        "lost": len(lost_answers(database, plan.study, acknowledged)),
        "duplicated": duplicated_answers(database, plan.study),
        "retried": sum(one.retried for one in acknowledged),
        "imbalance": max(max(cells) - min(cells) for cells in filled),
        "p50_ms": percentile(saves, 50),
        "p95_ms": percentile(saves, 95),
        "max_ms": percentile(saves, 100),
        "next_p95_ms": percentile(sorted(1000 * one.next_seconds for one in acknowledged), 95),
    }


def percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` % of the values do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
