"""One process of simulated raters, who take turns: `python -m bcos_core.study.simulated_writer < work.json`.

It imports little, so that many can be started, and may be killed at any moment. Every answer is acknowledged by a
line of JSON in the file of acknowledgements, written after the database has committed: what stands there must be
in the database. The line needs no fsync: like the answer, it must survive a killed process, not a power cut.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bcos_core.errors import BcosError, StudyFullError
from bcos_core.home import get_home
from bcos_core.storage.database import Database, open_engine
from bcos_core.study.answer_form import AnswerForm, Choice, FreeText, Number
from bcos_core.study.answers import Answers
from bcos_core.study.material import Material
from bcos_core.study.plan import Plan
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.slots import Slots

RETRIED_SHARE = 0.1
"""So often a simulated rater sends an answer again, as a double click or a reload does."""


@dataclass(frozen=True)
class WriterWork:
    """What one process has to do."""

    plan: Plan
    form: AnswerForm
    material: Material
    token: str
    raters: int
    preference: float
    seed: int
    acknowledgements: str

    @classmethod
    def from_json(cls, text: str) -> WriterWork:
        values = json.loads(text)
        parts = {
            "plan": Plan.from_dict(values["plan"]),
            "form": _form(values["form"]),
            "material": Material.from_dict(values["material"]),
        }
        return cls(**{**values, **parts})

    def to_json(self) -> str:
        form = [{"type": type(dimension).__name__, **asdict(dimension)} for dimension in self.form.dimensions]
        return json.dumps({**asdict(self), "form": form})


def _form(dimensions: list[dict[str, Any]]) -> AnswerForm:
    types = {one.__name__: one for one in (Choice, FreeText, Number)}
    parts = [({**one, "allowed": tuple(one["allowed"])} if "allowed" in one else {**one}) for one in dimensions]
    return AnswerForm(tuple(types[one.pop("type")](**one) for one in parts))


@dataclass(frozen=True)
class Acknowledgement:
    """An answer that the store said is saved."""

    rater: str
    slot: str
    item: str
    values: dict[str, Any]
    key: str
    save_seconds: float
    """From the call to the acknowledgement."""
    next_seconds: float
    """How long the item before it took to come."""
    retried: bool


def read_acknowledgements(path: Path) -> list[Acknowledgement]:
    """The whole lines of a file; the last one may have been cut by a kill."""
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    return [Acknowledgement(**json.loads(line)) for line in text.split("\n")[:-1]]


def write(work: WriterWork, database: Database) -> None:
    """Run the raters of `work`, one item each in turn, until none has anything left."""
    file = os.open(work.acknowledgements, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        waiting = [_rate(work, database) for _ in range(work.raters)]
        while waiting:
            still: list[Iterator[Acknowledgement]] = []
            for rater in waiting:
                acknowledgement = next(rater, None)
                if acknowledgement is not None:
                    os.write(file, f"{json.dumps(asdict(acknowledgement))}\n".encode())
                    still.append(rater)
            waiting = still
    finally:
        os.close(file)


def _rate(work: WriterWork, database: Database) -> Iterator[Acknowledgement]:
    """One rater from the invitation to the completion code, pausing after each answer."""
    raters, slots = Raters(database), Slots(database, work.plan)
    answers = Answers(database, work.plan, work.form)
    taste = PROTOCOLS[work.material.protocol].taste_of(work.material, work.preference, work.seed)
    rater = raters.join(work.token, simulated=True).rater
    raters.consent(rater.id)
    chance = random.Random(f"{work.seed}/retries {rater.arrival}")
    while True:
        asked = time.perf_counter()
        slot = slots.next(rater.id)
        if slot is None:
            break
        values = taste.values(rater.arrival, slot.item, slot.cell)
        answer: dict[str, Any] = {"rater": rater.id, "slot": slot.id, "values": values, "key": slot.id}
        began = time.perf_counter()
        answers.save(**answer)
        ended = time.perf_counter()
        retried = chance.random() < RETRIED_SHARE
        if retried and not answers.save(**answer).repeated:
            raise BcosError(f"The answer with the key {slot.id} was saved twice.")
        yield Acknowledgement(rater.id, slot.id, slot.item, values, slot.id, ended - began, began - asked, retried)
    with suppress(StudyFullError):  # more may come than are wanted
        slots.finish(rater.id)


def main() -> int:
    try:
        write(WriterWork.from_json(sys.stdin.read()), Database(open_engine(get_home())))
    except BcosError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
