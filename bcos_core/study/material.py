"""What simulated raters know of a locked study: plain data, so that a process of theirs imports little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Allowed = tuple[int | str, ...]


@dataclass(frozen=True)
class KnownItem:
    """One text. `cell` and `expected` as in `LockedItem`; `predictions`: condition → the class that its model
    predicts, and with which probability."""

    text: str
    label: str | None = None
    cell: str = ""
    expected: Mapping[str, Allowed] = field(default_factory=dict)
    predictions: Mapping[str, tuple[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """`conditions` in the design's order; `questions`: name → the answers that can be given, none where they cannot be
    listed; `items` by name; `tries` for a protocol that asks the model."""

    protocol: str
    conditions: tuple[str, ...]
    questions: Mapping[str, Allowed]
    items: Mapping[str, KnownItem]
    classes: tuple[str, ...] = ()
    tries: int = 1

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Material:
        """The material of which `asdict` and JSON have made `data`."""
        items = {
            name: KnownItem(
                item["text"],
                item["label"],
                item["cell"],
                {question: tuple(passing) for question, passing in item["expected"].items()},
                {condition: (label, probability) for condition, (label, probability) in item["predictions"].items()},
            )
            for name, item in data["items"].items()
        }
        questions = {name: tuple(allowed) for name, allowed in data["questions"].items()}
        return cls(data["protocol"], tuple(data["conditions"]), questions, items, tuple(data["classes"]), data["tries"])
