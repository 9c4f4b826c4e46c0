"""A study with simulated raters of known taste: for planning, and to see that the store holds under load.

It is a study of its own, marked as simulated; the database refuses a simulated rater in any other.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bcos_core.errors import StudyError
from bcos_core.home import CHECKOUT, Home
from bcos_core.storage.database import Database
from bcos_core.study.events import EventKind, events_of
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.plan import Plan
from bcos_core.study.schema import STUDY_ANSWERS
from bcos_core.study.simulated_writer import DIMENSION, Acknowledgement, WriterWork, read_acknowledgements
from bcos_core.study.slots import counts_of
from bcos_core.study.studies import Studies, Study
from bcos_core.study.taste import Taste


@dataclass(frozen=True)
class Simulation:
    """What is simulated: `raters` people, each of whom rates `items` items, shown in one of `conditions` ways.

    Raises:
        StudyError: a number that is too small, or a preference that the scale does not hold.
    """

    raters: int = 100
    items: int = 40
    writers: int = 8
    conditions: int = 2
    preference: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("raters", 1), ("items", 1), ("writers", 1), ("conditions", 1)):
            if getattr(self, name) < least:
                raise StudyError(f"{getattr(self, name)} {name} are too few. Give {least} or more.")
        Taste(self.cells, self.preference)

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(f"condition {number}" for number in range(1, self.conditions + 1))

    def plan(self, study: str) -> Plan:
        items = tuple(f"item {number:03d}" for number in range(1, self.items + 1))
        return Plan(study, items, self.cells, self.items, self.raters, seed=self.seed)


@dataclass(frozen=True)
class SimulationResult:
    """What the database holds after the load, held against what was acknowledged. Times in milliseconds."""

    study: str
    simulated: bool
    raters: int
    items: int
    writers: int
    preference: float
    saved: int
    """Acknowledged answers."""
    lost: int
    """Acknowledged answers that the database does not hold with the acknowledged value."""
    duplicated: int
    """Answers beyond one for a rater and an item: rows, or events of a first answer."""
    retried: int
    """Answers that were sent twice with the same key."""
    imbalance: int
    """The largest difference between the cells of one item."""
    p50_ms: float
    p95_ms: float
    max_ms: float
    next_p95_ms: float
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def create_simulated(database: Database, simulation: Simulation) -> tuple[Study, Plan, str]:
    """An open simulated study, its plan, and the token of a link for as many raters as it wants."""
    studies = Studies(database)
    title = f"Simulated: {simulation.raters} raters × {simulation.items} items, preference {simulation.preference:g}"
    study = studies.create(title, {"protocol": "rating", "simulation": asdict(simulation)}, simulated=True)
    plan = simulation.plan(study.id)
    locked = {"plan": plan.to_dict(), "simulation": asdict(simulation)}
    studies.lock(study.id, locked, hashlib.sha256(json.dumps(locked, sort_keys=True).encode()).hexdigest())
    _, token = Invitations(database).create(study.id, InviteKind.OPEN, cap=simulation.raters)
    return studies.open(study.id), plan, token


def simulate(home: Home, database: Database, simulation: Simulation) -> SimulationResult:
    """Run a simulated study with several processes writing at once, then close it.

    Raises:
        StudyError: a writer has failed; what was saved stays in the study.
    """
    study, plan, token = create_simulated(database, simulation)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="bcos-simulate-") as folder:
        files = [Path(folder) / f"{number}.jsonl" for number in range(simulation.writers)]
        shares = [len(range(number, simulation.raters, simulation.writers)) for number in range(simulation.writers)]
        writers = [
            start_writer(home, WriterWork(plan, token, share, simulation.preference, simulation.seed, str(file)))
            for share, file in zip(shares, files, strict=True)
        ]
        failures = [error for writer in writers if (error := writer.communicate()[1]) or writer.returncode]
        acknowledged = [one for file in files for one in read_acknowledgements(file)]
    seconds = time.perf_counter() - began
    if failures:
        raise StudyError(f"{len(failures)} of {len(writers)} writers failed. The first said: {failures[0].strip()}")
    Studies(database).close(study.id)
    return _result(database, simulation, study, plan, acknowledged, seconds)


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
    query = select(table.rater, table.item, table.value).where(table.study == study, table.dimension == DIMENSION)
    with database.read() as connection:
        held = {(rater, item): value for rater, item, value in connection.execute(query)}
    return [one for one in acknowledged if held.get((one.rater, one.item)) != one.value]


def duplicated_answers(database: Database, study: str) -> int:
    """Rows and events beyond one for a rater, an item and a dimension. Simulated raters change no answer."""
    table = STUDY_ANSWERS.c
    with database.read() as connection:
        rows = connection.execute(select(table.rater, table.item, table.dimension).where(table.study == study)).all()
    answered = (EventKind.ANSWERED, EventKind.CHANGED)
    events = [(one.rater, one.payload["item"]) for one in events_of(database, study) if one.kind in answered]
    return sum(number - 1 for counter in (Counter(map(tuple, rows)), Counter(events)) for number in counter.values())


def _result(
    database: Database,
    simulation: Simulation,
    study: Study,
    plan: Plan,
    acknowledged: Sequence[Acknowledgement],
    seconds: float,
) -> SimulationResult:
    with database.read() as connection:
        counts = counts_of(connection, study.id)
    filled = [[counts.get((item, cell), 0) for cell in plan.cells] for item in plan.items]
    saves = sorted(1000 * one.save_seconds for one in acknowledged)
    return SimulationResult(
        study=study.id,
        simulated=True,
        raters=simulation.raters,
        items=simulation.items,
        writers=simulation.writers,
        preference=simulation.preference,
        saved=len({one.key for one in acknowledged}),
        lost=len(lost_answers(database, study.id, acknowledged)),
        duplicated=duplicated_answers(database, study.id),
        retried=sum(one.retried for one in acknowledged),
        imbalance=max(max(cells) - min(cells) for cells in filled),
        p50_ms=_percentile(saves, 50),
        p95_ms=_percentile(saves, 95),
        max_ms=_percentile(saves, 100),
        next_p95_ms=_percentile(sorted(1000 * one.next_seconds for one in acknowledged), 95),
        seconds=seconds,
    )


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that at least `percent` % of the values do not exceed."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
