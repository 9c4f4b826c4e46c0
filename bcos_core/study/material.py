"""What simulated raters know of a locked study: plain data, so that a process of theirs imports little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Allowed = tuple[int | str, ...]


@dataclass(frozen=True)
class KnownItem:
    """One text. `cell` and `expected` as in `LockedItem`; `predictions`: condition → what its model answers, as a
    guess, and with which probability, for answers that are ones of a few; `right`: condition → whether it is right,
    where that is known."""

    text: str
    cell: str = ""
    expected: Mapping[str, Allowed] = field(default_factory=dict)
    predictions: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    right: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Material:
    """`conditions` in the design's order; `questions`: name → the answers that can be given, none where they cannot be
    listed; `items` by name; `guesses`: what a model may answer; `tries` for a protocol that asks the model."""

    protocol: str
    conditions: tuple[str, ...]
    questions: Mapping[str, Allowed]
    items: Mapping[str, KnownItem]
    guesses: tuple[str, ...] = ()
    tries: int = 1

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Material:
        """The material of which `asdict` and JSON have made `data`."""
        items = {
            name: KnownItem(
                item["text"],
                item["cell"],
                {question: tuple(passing) for question, passing in item["expected"].items()},
                {condition: (label, probability) for condition, (label, probability) in item["predictions"].items()},
                item["right"],
            )
            for name, item in data["items"].items()
        }
        questions = {name: tuple(allowed) for name, allowed in data["questions"].items()}
        return cls(data["protocol"], tuple(data["conditions"]), questions, items, tuple(data["guesses"]), data["tries"])
