"""Simulated raters' taste: known, so that statistics can be held against it. Protocols choose one, or make their own.

In all of them conditions stand at even distances, in the design's order, and `preference` is how far the last one is
above the first, in the protocol's own unit: exactly, in expectation. A condition without a heatmap is a condition as
any other. Checks are failed with the chance `FAILED_CHECKS`, whatever the taste, so that the rule that leaves raters
out has something to do and what the others say stays the same.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from bcos_core.errors import StudyError
from bcos_core.study.material import KnownItem, Material

FAILED_CHECKS = 0.05


@dataclass(frozen=True)
class Taste(ABC):
    """What raters answer about `material`, the same whenever they are asked.

    `usual` is the preference where none is given, `meaning` says what it is.

    Raises:
        StudyError: a preference that the answers cannot show.
    """

    material: Material
    preference: float
    seed: int = 0

    usual: ClassVar[float]
    meaning: ClassVar[str]
    distinct: ClassVar[bool] = False
    """No two questions can have the same answer."""

    def __post_init__(self) -> None:
        if not abs(self.preference) <= self.widest:  # so that NaN is refused too
            raise StudyError(
                f"A preference of {self.preference} does not fit: it is {self.meaning}. "
                f"Choose −{self.widest:g} to {self.widest:g}."
            )

    @property
    @abstractmethod
    def widest(self) -> float:
        """The largest preference that can be told from the answers."""

    @property
    def told(self) -> str:
        """The truth about these raters, in a sentence."""
        return f"Preference {f'{self.preference:g}'.replace('-', '−')}: {self.meaning}."

    def values(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        """The whole answer, by dimension, of the rater who came as number `arrival`."""
        known = self.material.items[item]
        if known.expected:
            return self._check(arrival, item, known)
        return self.opinion(arrival, item, cell or known.cell)

    def shift(self, condition: str) -> float:
        """How far a condition is from the middle: −preference / 2 for the first, preference / 2 for the last."""
        places = len(self.material.conditions) - 1
        if places == 0:
            return 0.0
        return self.preference * (self.material.conditions.index(condition) / places - 0.5)

    @abstractmethod
    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        """What the rater thinks of an item that is no check."""

    def _check(self, arrival: int, item: str, known: KnownItem) -> dict[str, Any]:
        chance = self.chance(arrival, item)
        failed = chance.random() < FAILED_CHECKS
        values: dict[str, Any] = {}
        for question, allowed in self.material.questions.items():
            passing = known.expected.get(question, allowed)
            if self.distinct:
                allowed, passing = (tuple(one for one in of if one not in values.values()) for of in (allowed, passing))
            others = [value for value in allowed if value not in passing]
            values[question] = chance.choice(others if failed and others else passing)
        return values

    def chance(self, *who: object) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, *who))))

    def effects(self, arrival: int, item: str, spread: float) -> float:
        """What the rater's and the item's own ways add, the same for every condition: each uniform in ± `spread`."""
        own, common = self.chance("rater", arrival), self.chance("item", item)
        return own.uniform(-spread, spread) + common.uniform(-spread, spread)


class ScaleTaste(Taste):
    """Points of a scale: middle + shift(condition) + rater + item + noise, rounded up or down by chance so that the
    expectation stays. The three random effects are uniform, and so narrow that the sum never leaves the scale: a sum
    that is cut at its ends would have another expectation than the one that is claimed."""

    usual = 0.5
    meaning = "points by which the last condition is rated above the first, on each scale"

    @property
    def widest(self) -> float:
        return float(min(map(len, self.material.questions.values())) - 1)

    def opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        return {
            question: self._point(len(points), arrival, item, cell, question)
            for question, points in self.material.questions.items()
        }

    def _point(self, highest: int, arrival: int, item: str, cell: str, question: str) -> int:
        middle = (1 + highest) / 2
        spread = min(0.5, (highest - middle - abs(self.preference) / 2) / 3)
        chance = self.chance(arrival, item, cell, question)
        effects = self.effects(arrival, item, spread) + chance.uniform(-spread, spread)
        value = middle + self.shift(cell) + effects
        whole = int(value)
        return min(highest, whole + (chance.random() < value - whole))


class ShareTaste(Taste):
    """Something is done with the chance middle + shift(condition) + rater + item. The two random effects are uniform,
    and so narrow that the sum stays a probability."""

    usual = 0.2
    middle: ClassVar[float]

    @property
    def widest(self) -> float:
        return round(2 * min(self.middle, 1 - self.middle), 9)

    def share(self, condition: str) -> float:
        """How often raters of all kinds do it, with items of all kinds."""
        return self.middle + self.shift(condition)

    def is_done(self, chance: random.Random, share: float, arrival: int, item: str) -> bool:
        room = min(self.middle, 1 - self.middle) - abs(self.preference) / 2
        return chance.random() < share + self.effects(arrival, item, min(0.1, room / 2))
