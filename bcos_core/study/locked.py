"""A locked study: everything that raters will see, as it is stored. Reading one needs no model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from bcos_core.attribution.record import Attribution
from bcos_core.errors import StudyError
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import from_plain
from bcos_core.study.design import StudyDesign
from bcos_core.study.plan import PAIR
from bcos_core.study.statement import is_right, statement_of
from bcos_core.tasks.prediction import Statement
from bcos_core.tasks.registry import TASK_TYPES, USUAL


@dataclass(frozen=True)
class LockedItem:
    """A text as it is shown. `kind` is "item", "practice", "instructed" or "random".

    `records` are the attribution records by condition id. `cell` is what it is shown as; an "item" has none, and gets
    one for each rater. `expected` has, for a check, the answers that pass, by
    question; `feedback` is what a practice item says after the answer. `scores` are
    automatic ones of the item's explanations, by condition id and score.
    """

    id: str
    kind: str
    text: str
    label: str | None
    records: Mapping[str, Attribution]
    cell: str = ""
    expected: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    feedback: str = ""
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def shown(self, cell: str) -> list[Attribution]:
        """The records of a cell: one, or the left and the right one."""
        return [self.records[id] for id in cell.split(PAIR)]

    def said(self, cell: str) -> Statement:
        """What the model of a cell says; of a pair, that of the left one."""
        return statement_of(self.shown(cell)[0])

    def is_right(self, cell: str) -> bool | None:
        """Whether that is right; None where nobody knows, or where it is nearer or further."""
        return is_right(self.shown(cell)[0], self.label)


@dataclass(frozen=True)
class LockedStudy:
    """Everything that raters will see, with the models' hashes by checkpoint folder."""

    design: StudyDesign
    items: tuple[LockedItem, ...]
    classes: tuple[str, ...]
    weights: Mapping[str, str]

    @property
    def guesses(self) -> dict[str, str]:
        """What a model may answer, each in words; about which label, an item says."""
        return TASK_TYPES[self.design.task_type].guesses(self.classes)

    @property
    def hash(self) -> str:
        """SHA-256 of all of it, as it is stored."""
        text = json.dumps(self.to_dict(), sort_keys=True, ensure_ascii=False, allow_nan=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def of_kind(self, kind: str) -> tuple[LockedItem, ...]:
        return tuple(item for item in self.items if item.kind == kind)

    def item(self, id: str) -> LockedItem:
        return next(item for item in self.items if item.id == id)

    def to_dict(self) -> dict[str, Any]:
        items = [
            {**asdict(item), "records": {id: record.to_dict() for id, record in item.records.items()}}
            for item in self.items
        ]
        plain: dict[str, Any] = to_plain(
            {
                "design": self.design.to_dict(),
                "items": items,
                "classes": list(self.classes),
                "weights": dict(self.weights),
            }
        )
        return plain

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> LockedStudy:
        """The study that `to_dict` wrote.

        Raises:
            InputError: it is not one, or not whole.
        """
        stored = from_plain(data, _Stored, error=StudyError, what="What was locked", advice=_ADVICE)
        items = tuple(
            LockedItem(
                **{**vars(item), "records": {id: Attribution.from_dict(one) for id, one in item.records.items()}}
            )
            for item in stored.items
        )
        return cls(stored.design, items, stored.classes, stored.weights)


_ADVICE = "Restore the database from a backup, or make a new study."


@dataclass(frozen=True)
class _StoredItem:
    id: str
    kind: Literal["item", "practice", "instructed", "random"]
    text: str
    label: str | None
    records: dict[str, dict[str, Any]]
    cell: str
    expected: dict[str, tuple[int | str, ...]]
    feedback: str
    scores: dict[str, dict[str, int | float]]


@dataclass(frozen=True)
class _Stored:
    """A locked study as JSON holds it, and what its parts must have in common."""

    design: StudyDesign
    items: Annotated[tuple[_StoredItem, ...], Meta(min_length=1)]
    classes: tuple[str, ...]
    weights: dict[str, str]

    def __post_init__(self) -> None:
        if missing := set(self.design.checkpoints) - set(self.weights):
            raise ValueError(f"it has no hash of {', '.join(sorted(missing))}")
        conditions = {condition.id for condition in self.design.conditions}
        kinds = {record.get("task_type", USUAL) for item in self.items for record in item.records.values()}
        if kinds != {self.design.task_type}:
            raise ValueError(f"it is about {self.design.task_type}, and its records are of {', '.join(sorted(kinds))}")
        for item in self.items:
            shown = conditions if item.kind == "item" else set(item.cell.split(PAIR))
            if missing := shown - set(item.records):
                raise ValueError(f"{item.id} has no record of {', '.join(sorted(missing)) or 'what it shows'}")
