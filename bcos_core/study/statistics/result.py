"""What every analysis gives back: numbers with intervals, what they assume, and on how much data they stand."""

from __future__ import annotations

import math
from dataclasses import dataclass

CONFIDENCE = 0.95

MINIMUM = 6
"""The fewest raters, items or pairs that an interval or a p is given for.

With five pairs that all point the same way, the exact two-sided p of the signs is 2 / 2⁵ = 0.0625: nothing could be
shown at 5 % without leaning on a distribution that so few cannot check. With six it is 0.031.
"""


@dataclass(frozen=True)
class Basis:
    """How much data a result stands on, after answers without a value were left out."""

    raters: int
    items: int
    answers: int


@dataclass(frozen=True)
class Quantity:
    """One estimated number; `undefined` says in words why its value, interval or p is missing.

    `p` is two-sided, for the quantity being 0; `corrected_p` is the same after Holm's correction over all
    quantities of the result that have one. `pair`: of a difference, the two conditions, the one that is above the
    other where the value is positive first.
    """

    name: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    corrected_p: float | None = None
    undefined: str = ""
    pair: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        for number in (self.value, self.low, self.high, self.p, self.corrected_p):
            if number is not None and not math.isfinite(number):
                raise ValueError(f"{self.name}: {number} is not a number; say why it is undefined instead")
        if self.value is None and not self.undefined:
            raise ValueError(f"{self.name}: a quantity without a value needs a reason")


@dataclass(frozen=True)
class Result:
    """One analysis: `undefined` is the reason why the whole of it could not be done, empty where it could."""

    test: str
    assumes: str
    basis: Basis
    quantities: tuple[Quantity, ...] = ()
    p: float | None = None
    undefined: str = ""
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.p is not None and not 0 <= self.p <= 1:
            raise ValueError(f"{self.test}: p = {self.p}")

    def __getitem__(self, name: str) -> Quantity:
        """The quantity of that name; KeyError where there is none."""
        for quantity in self.quantities:
            if quantity.name == name:
                return quantity
        raise KeyError(name)


def too_few(count: int, what: str, wanted: str = "an interval") -> str:
    """The reason why `count` raters, items or pairs are not enough; empty where they are."""
    if count >= MINIMUM:
        return ""
    return f"{count} {what}: {wanted} needs at least {MINIMUM}, with fewer nothing can be shown at 5 %."
