"""A study with simulated raters of known taste: for planning, and to see that the store holds under load.

It is a locked study as any other, of its own and marked as simulated; the database refuses a simulated rater in any
other. Its raters come, answer and finish as people do, only faster.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bcos_core.errors import JobCancelled, StudyError
from bcos_core.home import Home
from bcos_core.progress import Reporter, SilentReporter
from bcos_core.storage.database import Database
from bcos_core.study.answer_form import AnswerForm
from bcos_core.study.assignment import sequence_of
from bcos_core.study.crowd import Crowd
from bcos_core.study.forms import form_of, plan_of
from bcos_core.study.invites import Invitations, InviteKind
from bcos_core.study.locked import LockedStudy
from bcos_core.study.material import KnownItem, Material
from bcos_core.study.plan import Plan
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.simulated_load import counted, start_writer
from bcos_core.study.simulated_writer import Acknowledgement, WriterWork, read_acknowledgements
from bcos_core.study.slots import counts_of
from bcos_core.study.studies import Studies, Study
from bcos_core.study.taste import Taste

PREFIX = "Simulated: "
LONGEST_TITLE = 120
LOOK_SECONDS = 0.5


@dataclass(frozen=True)
class SimulationResult:
    """What the database holds after the load, held against what was acknowledged. Times in milliseconds."""

    study: str
    title: str
    simulated: bool
    raters: int
    items: int
    writers: int
    preference: float
    truth: str
    """What the preference means."""
    saved: int
    """Acknowledged answers, to practice and checks too."""
    lost: int
    """Acknowledged answers that the database does not hold with the acknowledged values."""
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


@dataclass(frozen=True)
class OpenSimulation:
    """A simulated study that takes answers, and the token that lets its raters in."""

    study: Study
    plan: Plan
    form: AnswerForm
    taste: Taste
    token: str

    def work(self, raters: int, acknowledgements: Path) -> WriterWork:
        """What one process has to do."""
        taste = self.taste
        return WriterWork(
            self.plan,
            self.form,
            taste.material,
            self.token,
            raters,
            taste.preference,
            taste.seed,
            str(acknowledgements),
        )


def material_of(locked: LockedStudy) -> Material:
    """What a study's simulated raters know of it."""
    design = locked.design
    conditions = tuple(condition.id for condition in design.conditions)
    items = {}
    for item in locked.items:
        shown = [id for id in item.records if id in conditions]
        said = {id: item.said(id) for id in shown}
        predictions = {
            id: (one.guess, one.probability)
            for id, one in said.items()
            if one.guess is not None and one.probability is not None
        }
        right = {id: verdict for id in shown if (verdict := item.is_right(id)) is not None}
        items[item.id] = KnownItem(item.text, item.cell, item.expected, predictions, right)
    questions = {question.name: question.allowed(locked.guesses) for question in design.questions}
    return Material(design.protocol, conditions, questions, items, tuple(locked.guesses), design.tries)


def as_simulated(locked: LockedStudy) -> LockedStudy:
    """The same content under a title that says what it is. Simulated raters take no time to read, so that a rule about
    seconds does not apply to them, and they are not asked whether they have understood the instructions."""
    title = locked.design.title
    title = title if title.startswith(PREFIX) else PREFIX + title
    title = title if len(title) <= LONGEST_TITLE else title[: LONGEST_TITLE - 1] + "…"
    exclusion = replace(locked.design.exclusion, fastest=0.0)
    return replace(locked, design=replace(locked.design, title=title, exclusion=exclusion, comprehension=()))


def open_simulation(database: Database, locked: LockedStudy, crowd: Crowd) -> OpenSimulation:
    """A new open study with the content of `locked`, marked as simulated, and a link for any number of its raters.

    Raises:
        StudyError: a preference that the answers cannot show.
    """
    locked = as_simulated(locked)
    taste = PROTOCOLS[locked.design.protocol].taste_of(material_of(locked), crowd.preference, crowd.seed)
    studies = Studies(database)
    study = studies.create(locked.design.title, locked.design.to_dict(), simulated=True)
    studies.lock(study, locked.to_dict(), locked.hash)
    _, token = Invitations(database).create(study.id, InviteKind.OPEN, note=f"{taste.told} Seed {taste.seed}.")
    return OpenSimulation(studies.open(study.id), plan_of(study.id, locked), form_of(locked), taste, token)


def simulate(
    home: Home, database: Database, locked: LockedStudy, crowd: Crowd, reporter: Reporter | None = None
) -> SimulationResult:
    """Let simulated raters answer a new study with the content of `locked`, then close it. Nothing else is touched.

    Raises:
        StudyError: a preference that the answers cannot show, or a writer has failed; what was saved stays in the
            study.
        JobCancelled: from the reporter; the new study is removed.
    """
    simulation = open_simulation(database, locked, crowd)
    study = simulation.study.id
    reporter = reporter or SilentReporter()
    began = time.perf_counter()
    acknowledged: list[Acknowledgement] = []
    raters = crowd.raters or locked.design.raters_needed
    try:
        while raters:
            acknowledged += _answer(home, simulation, raters, crowd.writers, reporter)
            raters = 0 if crowd.raters else _still_needed(database, simulation.plan)
    except JobCancelled:
        Studies(database).delete(study)
        raise
    seconds = time.perf_counter() - began
    Studies(database).close(study)
    plan, taste = simulation.plan, simulation.taste
    return SimulationResult(
        study=study,
        title=simulation.study.title,
        simulated=True,
        raters=len(Raters(database).of(study)),
        items=len(plan.items),
        writers=crowd.writers,
        preference=taste.preference,
        truth=taste.told,
        **counted(database, plan, acknowledged),
        seconds=seconds,
    )


def _answer(
    home: Home, simulation: OpenSimulation, raters: int, writers: int, reporter: Reporter
) -> list[Acknowledgement]:
    """So many raters come and answer everything that there is for them."""
    wanted = raters * len(sequence_of(simulation.plan))
    with tempfile.TemporaryDirectory(prefix="bcos-simulate-") as folder:
        shares = [len(range(number, raters, writers)) for number in range(min(writers, raters))]
        files = [Path(folder) / f"{number}.jsonl" for number in range(len(shares))]
        running = [start_writer(home, simulation.work(share, file)) for share, file in zip(shares, files, strict=True)]
        try:
            failures = [error for one in running if (error := _end(one, files, wanted, reporter)) or one.returncode]
        finally:
            for one in running:
                one.kill()
                one.wait()
        if failures:
            raise StudyError(f"{len(failures)} of {len(running)} writers failed. The first said: {failures[0].strip()}")
        return [one for file in files for one in read_acknowledgements(file)]


def _end(writer: subprocess.Popen[str], files: Sequence[Path], wanted: int, reporter: Reporter) -> str:
    """Wait for a writer, and tell meanwhile how far all of them are; what it complained of."""
    while True:
        try:
            return writer.communicate(timeout=LOOK_SECONDS)[1]
        except subprocess.TimeoutExpired:
            reporter.progress(sum(file.read_bytes().count(b"\n") for file in files if file.exists()), wanted)


def _still_needed(database: Database, plan: Plan) -> int:
    """Raters who are needed still: the last ones of a crowd may have seen the items that lack answers already."""
    with database.read() as connection:
        filled = sum(counts_of(connection, plan.study).values())
    return -(-(len(plan.items) * plan.raters_per_item - filled) // plan.items_per_rater)
