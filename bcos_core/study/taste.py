"""Simulated raters' taste: known, so that statistics can be held against it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bcos_core.errors import StudyError

LOWEST, HIGHEST = 1, 5
MIDDLE = (LOWEST + HIGHEST) / 2
WIDEST_PREFERENCE = float(HIGHEST - LOWEST)


@dataclass(frozen=True)
class Taste:
    """Ratings from 1 to 5 whose expected difference between the last and the first cell is exactly `preference`.

    rating = 3 + shift(cell) + rater + item + noise, rounded up or down by chance so that its expectation stays. The
    shifts are evenly spaced; the three others are uniform, and so wide that the sum never leaves the scale: a sum
    that is cut at its ends would have another expectation than the one that is claimed.

    Raises:
        StudyError: a preference that the scale does not hold.
    """

    cells: tuple[str, ...]
    preference: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not abs(self.preference) <= WIDEST_PREFERENCE:
            raise StudyError(
                f"A preference of {self.preference} does not fit on a scale from {LOWEST} to {HIGHEST}. "
                f"Choose −{WIDEST_PREFERENCE:g} to {WIDEST_PREFERENCE:g}."
            )

    @property
    def spread(self) -> float:
        """Half the width of each of the three random effects."""
        return min(0.5, (HIGHEST - MIDDLE - abs(self.preference) / 2) / 3)

    def shift(self, cell: str) -> float:
        if len(self.cells) == 1:
            return 0.0
        return self.preference * (self.cells.index(cell) / (len(self.cells) - 1) - 0.5)

    def rating(self, arrival: int, item: str, cell: str) -> int:
        """What the rater who came as number `arrival` says; the same whenever they are asked."""
        own, common, chance = (
            random.Random(f"{self.seed}/{name}")
            for name in (f"rater {arrival}", f"item {item}", f"{arrival} {item} {cell}")
        )
        effects = sum(one.uniform(-self.spread, self.spread) for one in (own, common, chance))
        value = MIDDLE + self.shift(cell) + effects
        whole = int(value)
        return min(HIGHEST, whole + (chance.random() < value - whole))
