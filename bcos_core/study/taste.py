"""Simulated raters' taste: known, so that statistics can be held against it. One class for each protocol.

In all of them conditions stand at even distances, in the design's order, and `preference` is how far the last one is
above the first, in the protocol's own unit: exactly, in expectation. A condition without a heatmap is a condition as
any other. Checks are failed with the chance `FAILED_CHECKS`, whatever the taste, so that the rule that leaves raters
out has something to do and what the others say stays the same.
"""

from __future__ import annotations

import math
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from bcos_core.errors import StudyError
from bcos_core.registry import Registry
from bcos_core.study.material import KnownItem, Material
from bcos_core.study.plan import PAIR

FAILED_CHECKS = 0.05

TASTES: Registry[type[Taste]] = Registry("protocol")


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
        return self._opinion(arrival, item, cell or known.cell)

    def shift(self, condition: str) -> float:
        """How far a condition is from the middle: −preference / 2 for the first, preference / 2 for the last."""
        places = len(self.material.conditions) - 1
        if places == 0:
            return 0.0
        return self.preference * (self.material.conditions.index(condition) / places - 0.5)

    @abstractmethod
    def _opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        """What the rater thinks of an item that is no check."""

    def _check(self, arrival: int, item: str, known: KnownItem) -> dict[str, Any]:
        chance = self._chance(arrival, item)
        failed = chance.random() < FAILED_CHECKS
        values: dict[str, Any] = {}
        for question, allowed in self.material.questions.items():
            passing = known.expected.get(question, allowed)
            others = [value for value in allowed if value not in passing]
            values[question] = chance.choice(others if failed and others else passing)
        return values

    def _chance(self, *who: object) -> random.Random:
        return random.Random("/".join(map(str, (self.seed, *who))))

    def _effects(self, arrival: int, item: str, spread: float) -> float:
        """What the rater's and the item's own ways add, the same for every condition: each uniform in ± `spread`."""
        own, common = self._chance("rater", arrival), self._chance("item", item)
        return own.uniform(-spread, spread) + common.uniform(-spread, spread)


class RatingTaste(Taste):
    """Points of a scale: middle + shift(condition) + rater + item + noise, rounded up or down by chance so that the
    expectation stays. The three random effects are uniform, and so narrow that the sum never leaves the scale: a sum
    that is cut at its ends would have another expectation than the one that is claimed."""

    usual = 0.5
    meaning = "points by which the last condition is rated above the first, on each scale"

    @property
    def widest(self) -> float:
        return float(min(map(len, self.material.questions.values())) - 1)

    def _opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        return {
            question: self._point(len(points), arrival, item, cell, question)
            for question, points in self.material.questions.items()
        }

    def _point(self, highest: int, arrival: int, item: str, cell: str, question: str) -> int:
        middle = (1 + highest) / 2
        spread = min(0.5, (highest - middle - abs(self.preference) / 2) / 3)
        chance = self._chance(arrival, item, cell, question)
        effects = self._effects(arrival, item, spread) + chance.uniform(-spread, spread)
        value = middle + self.shift(cell) + effects
        whole = int(value)
        return min(highest, whole + (chance.random() < value - whole))


class PairedTaste(Taste):
    """Davidson's model (1970) with log worths λ(condition) = shift(condition): left, right or neither are chosen with
    weights e^λ(left), e^λ(right), ν e^((λ(left) + λ(right)) / 2), by every rater about every item alike."""

    usual = 1.0
    meaning = (
        "the log odds with which the last condition is preferred to the first by those who prefer one: its log worth "
        "on the Bradley–Terry scale minus that of the first"
    )
    NO_PREFERENCE: ClassVar[float] = 0.5
    """ν: of two equally good ones, 0.5 / 2.5 = 20 % prefer none."""

    @property
    def widest(self) -> float:
        return 6.0  # 99.8 %: more could not be told from certainty

    def _opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        left, right = (self.shift(condition) for condition in cell.split(PAIR))
        weights = (math.exp(left), math.exp(right), self.NO_PREFERENCE * math.exp((left + right) / 2))
        (question,) = self.material.questions
        return {question: self._chance(arrival, item, cell).choices(("left", "right", "none"), weights)[0]}


class _ShareTaste(Taste):
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

    def _done(self, chance: random.Random, share: float, arrival: int, item: str) -> bool:
        room = min(self.middle, 1 - self.middle) - abs(self.preference) / 2
        return chance.random() < share + self._effects(arrival, item, min(0.1, room / 2))


class SimulationTaste(_ShareTaste):
    """The model's answer is guessed right with the chance `BEFORE` from the text alone, whatever the condition, and
    then with that of the condition; wrong guesses are any other class."""

    meaning = "the share of right guesses after the heatmap under the last condition, minus that under the first"
    middle = 0.65
    BEFORE: ClassVar[float] = 0.5

    def _opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        right, _ = self.material.items[item].answers[cell]
        wrong = [one for one in self.material.classes if one != right]
        chance = self._chance(arrival, item, cell)
        shares = {"before": self.BEFORE, "after": self.share(cell)}
        hits = {name: self._done(chance, shares[name], arrival, item) for name in self.material.questions}
        return {name: right if hit or not wrong else chance.choice(wrong) for name, hit in hits.items()}


class TrustTaste(_ShareTaste):
    """The verdict on the model's answer is right with the chance of the condition; of a text without a label, for
    which no verdict is right or wrong, it is “yes” in half of the cases."""

    meaning = "the share of right verdicts under the last condition, minus that under the first"
    middle = 0.65

    def _opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        known = self.material.items[item]
        chance = self._chance(arrival, item, cell)
        (question,) = self.material.questions
        if known.label is None:
            return {question: chance.choice(("yes", "no"))}
        correct = known.answers[cell][0] == known.label
        right = self._done(chance, self.share(cell), arrival, item)
        return {question: "yes" if right == correct else "no"}


class EditTaste(_ShareTaste):
    """The model's answer is flipped with the chance of the condition, by 1 to `MOST_WORDS` words that are added to the
    text, as often each. No model is asked: where the answer flips, the probability of the first one falls to anything
    below a half, elsewhere to anything that can still be the largest of all classes."""

    meaning = "the share of flipped answers under the last condition, minus that under the first"
    middle = 0.5
    MOST_WORDS: ClassVar[int] = 4
    WORD: ClassVar[str] = "simulated"

    def _opinion(self, arrival: int, item: str, cell: str) -> dict[str, Any]:
        known = self.material.items[item]
        _, probability = known.answers[cell]
        chance = self._chance(arrival, item, cell)
        flipped = self._done(chance, self.share(cell), arrival, item)
        words = chance.randint(1, min(self.MOST_WORDS, len(known.text)))
        least, most = (0.0, 0.5) if flipped else (1 / max(2, len(self.material.classes)), 1.0)
        after = chance.uniform(min(least, probability), min(most, probability))
        (question,) = self.material.questions
        return {
            question: f"{known.text} {' '.join([self.WORD] * words)}",
            "flipped": flipped,
            "edits": words,
            "change": probability - after,
            "tries": chance.randint(1, self.material.tries) if flipped else self.material.tries,
        }


for _protocol, _taste in (
    ("rating", RatingTaste),
    ("paired", PairedTaste),
    ("simulation", SimulationTaste),
    ("edit", EditTaste),
    ("trust", TrustTaste),
):
    TASTES.register(_protocol, _taste)


def taste_of(material: Material, preference: float | None = None, seed: int = 0) -> Taste:
    """The taste of raters of a study; without a preference, the protocol's usual one.

    Raises:
        StudyError: a preference that the answers cannot show.
    """
    taste = TASTES[material.protocol]
    return taste(material, taste.usual if preference is None else preference, seed)
