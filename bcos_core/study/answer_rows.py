"""Every answer of a study as a table: what analysis and export read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from bcos_core.storage.database import Database
from bcos_core.study.assignment import SlotKind
from bcos_core.study.schema import STUDY_ANSWERS, STUDY_RATERS, STUDY_SLOTS
from bcos_core.text.decode import encodable


@dataclass(frozen=True)
class AnswerRow:
    """One dimension of one rater's answer about one item."""

    rater: str
    arrival: int
    position: int
    kind: SlotKind
    item: str
    cell: str
    dimension: str
    value: Any
    opened_at: datetime
    answered_at: datetime | None
    at: datetime
    stands: bool
    """The slot was not taken back and its rater has not withdrawn; it may be answered in part."""
    counts: bool
    """The slot is answered in full and was not taken back: its rater has neither withdrawn nor been excluded."""


def answer_rows(database: Database, study: str) -> list[AnswerRow]:
    """The answers of one study, by arrival, position and dimension; those that do not count are marked."""
    answer, slot, rater = STUDY_ANSWERS.c, STUDY_SLOTS.c, STUDY_RATERS.c
    query = (
        select(
            *(answer.rater, rater.arrival, slot.position, slot.kind, slot.item, slot.cell),
            *(answer.dimension, answer.value, slot.opened_at, slot.answered_at, answer.at),
            *(slot.released_at, rater.withdrawn_at, rater.excluded_at),
        )
        .join(STUDY_SLOTS, (slot.rater == answer.rater) & (slot.position == answer.position))
        .join(STUDY_RATERS, rater.id == answer.rater)
        .where(answer.study == study)
        .order_by(rater.arrival, slot.position, answer.dimension)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    out = ("released_at", "withdrawn_at", "excluded_at")

    def stands(row: Any) -> bool:
        return row.released_at is None and row.withdrawn_at is None

    return [
        AnswerRow(
            **{name: value for name, value in row._mapping.items() if name not in (*out, "kind", "value")},
            # Half of a surrogate pair fits into no table.
            value=encodable(row.value) if isinstance(row.value, str) else row.value,
            kind=SlotKind(row.kind),
            stands=stands(row),
            counts=stands(row) and row.answered_at is not None and row.excluded_at is None,
        )
        for row in rows
    ]
