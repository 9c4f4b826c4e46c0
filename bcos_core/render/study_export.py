"""What a closed study leaves: tidy tables, the locked items as records, a codebook, and a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from bcos_core.access.table import Action
from bcos_core.errors import StorageError, StudyError
from bcos_core.render.csv_file import csv_file
from bcos_core.render.study_report import study_html
from bcos_core.storage.audit import owner_of, permit
from bcos_core.storage.database import Database
from bcos_core.study.access import Rater
from bcos_core.study.events import events_of
from bcos_core.study.locked import LockedStudy
from bcos_core.study.protocols import PROTOCOLS
from bcos_core.study.raters import Raters
from bcos_core.study.results import Answered, read_answers_of
from bcos_core.study.schema import STUDIES
from bcos_core.study.studies import Studies, StudyStatus
from bcos_core.text.decode import encodable

_COLUMNS = (
    ("rater", "random name of a rater"),
    ("arrival", "order in which raters came, from 0"),
    ("kind", "item (counts), practice, or check"),
    ("item", "name of the text; items.json has it"),
    ("cell", "condition that was shown; of a pair, left|right"),
    ("condition", "the condition in words"),
    ("position", "place in the rater's sequence, from 0"),
    ("question", "what was asked"),
    ("value", "the answer"),
    ("seconds", "from the item's opening to its last answer"),
    ("excluded", "why the rater is left out by the study's rule; empty for those who count"),
    ("simulated", "whether the rater is simulated, and no person"),
)


def export_study(
    database: Database, id: str, folder: Path, *, panel_ids: bool = False, models: Mapping[str, str] | None = None
) -> list[Path]:
    """Write all tables into `folder`; the files. `panel_ids`, who raters are at their panel, are personal data.
    `models`: folder → what the model is called.

    Raises:
        StudyError: there is no such study, or it is not closed: results would unblind it.
        NotAllowedError: the database's actor may not do it.
        StorageError: the folder cannot be written.
    """
    permit(database, Action.EXPORT_STUDY, id, owner=owner_of(STUDIES, id))
    study = Studies(database).get(id)
    if study.status != StudyStatus.CLOSED:
        raise StudyError(f"The study {study.title!r} is {study.status}. Close it first: its results would unblind it.")
    locked = LockedStudy.from_dict(Studies(database).locked(id))
    answered = read_answers_of(database, id, locked)
    answers = answers_table(answered, locked, models, simulated=study.simulated)
    raters = raters_table(Raters(database).of(id), answered, panel_ids=panel_ids)
    events = events_table(database, id, simulated=study.simulated)
    writers: dict[str, Callable[[Path], object]] = {
        "answers.csv": lambda path: path.write_bytes(csv_file(answers)),
        "answers.parquet": lambda path: _plain_values(answers).to_parquet(path, index=False),
        "events.csv": lambda path: path.write_bytes(csv_file(events)),
        "events.parquet": lambda path: events.to_parquet(path, index=False),
        "raters.csv": lambda path: path.write_bytes(csv_file(raters)),
        "items.json": lambda path: path.write_text(items_json(locked), encoding="ascii"),
        "codebook.csv": lambda path: path.write_bytes(csv_file(codebook(locked, models))),
        "report.html": lambda path: path.write_text(
            encodable(study_html(study, locked, answered, models)), encoding="utf-8"
        ),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in writers.items():
            write(folder / name)
    except OSError as error:
        raise StorageError(f"Cannot write to {folder} ({error.strerror}). Choose another folder.") from error
    return [folder / name for name in writers]


def answers_table(
    answered: Answered, locked: LockedStudy, models: Mapping[str, str] | None = None, *, simulated: bool = False
) -> pd.DataFrame:
    """Every answer, one a row, with the condition in words and why its rater is left out. `models`: folder → what the
    model is called."""
    names = {condition.id: condition.called(models or {}) for condition in locked.design.conditions}
    frame = answered.answers
    conditions = [
        " | ".join(names.get(id, id) for id in str(cell).split("|")) if cell else "" for cell in frame["cell"]
    ]
    return frame.assign(
        condition=conditions,
        excluded=[answered.excluded.get(str(rater), "") for rater in frame["rater"]],
        simulated=simulated,
    )[[name for name, _ in _COLUMNS]]


def raters_table(raters: Sequence[Rater], answered: Answered, *, panel_ids: bool = False) -> pd.DataFrame:
    """Everybody who came, one a row: when, and what part they have in the results; with `panel_ids` who they are at the
    panel that they came from."""
    rows = [
        {
            "rater": one.id,
            "arrival": one.arrival,
            "joined": one.joined_at.isoformat(),
            "finished": "" if one.finished_at is None else one.finished_at.isoformat(),
            "part": answered.participation.parts[one.id].value,
            "excluded": answered.excluded.get(one.id, ""),
            **(
                {"panel_id": one.panel_id, "panel_study": one.panel_study, "panel_session": one.panel_session}
                if panel_ids
                else {}
            ),
        }
        for one in raters
    ]
    return pd.DataFrame(rows)


def events_table(database: Database, id: str, *, simulated: bool = False) -> pd.DataFrame:
    """Everything that happened, one event a row, its details as JSON."""
    rows = [
        (one.id, one.at.isoformat(), one.rater or "", str(one.kind), _json(one.payload))
        for one in events_of(database, id)
    ]
    return pd.DataFrame(rows, columns=["id", "at", "rater", "event", "details"]).assign(simulated=simulated)


def items_json(locked: LockedStudy) -> str:
    """Design, items and their attribution records, as they were locked."""
    return json.dumps({**locked.to_dict(), "hash": locked.hash}, indent=1)


def codebook(locked: LockedStudy, models: Mapping[str, str] | None = None) -> pd.DataFrame:
    """What every column and every answer means, and which models were asked, by their names (`models`: folder → name),
    folders and the hashes of their weights: a name can be given to another model."""
    rows = [("column", name, meaning) for name, meaning in _COLUMNS]
    for question in locked.design.questions:
        rows.append(("question", question.name, question.prompt))
        rows += [
            (f"answer to {question.name}", str(value), label) for value, label in question.shown(locked.guesses).items()
        ]
    rows += [("question", name, meaning) for name, meaning in PROTOCOLS[locked.design.protocol].measured.items()]
    names = models or {}
    rows += [("condition", condition.id, condition.called(names)) for condition in locked.design.conditions]
    for folder in locked.design.checkpoints:
        name = Path(folder).name
        rows.append(("model", names.get(folder) or name, f"folder {name}, weights {locked.weights[folder]}"))
    return pd.DataFrame(rows, columns=["kind", "name", "meaning"])


def _plain_values(frame: pd.DataFrame) -> pd.DataFrame:
    """Answers of several types as text: a column of Parquet has one type."""
    return frame.assign(value=[value if isinstance(value, str) else _json(value) for value in frame["value"]])


def _json(value: object) -> str:
    return encodable(json.dumps(value, ensure_ascii=False))
