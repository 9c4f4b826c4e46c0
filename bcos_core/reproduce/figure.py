"""A figure: one number with its interval, where it stands in a table, and what it was computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bcos_core.ablation.crossed import crossed
from bcos_core.numbers import number, percent
from bcos_core.storage.content import name_of
from bcos_core.tasks.estimates import Estimate, bootstrap, proportion, resampled

Better = Literal["higher", "lower", ""]
SHARE = "%"
"""The unit of a share of one."""


@dataclass(frozen=True)
class Sample:
    """The values that a mean is of: one row a seed, one column an item (a text, a pair), known by its name."""

    items: tuple[str, ...]
    table: tuple[tuple[float, ...], ...]

    @classmethod
    def of(cls, columns: Sequence[Mapping[str, float]]) -> Sample:
        """From a mapping item → value for each seed: the items that all of them have."""
        shared = set.intersection(*map(set, columns)) if columns else set()
        items = sorted(shared)
        return cls(tuple(items), tuple(tuple(float(one[item]) for item in items) for one in columns))

    def minus(self, other: Sample) -> Sample:
        """The differences, seed by seed, on the items that both have.

        Raises:
            ValueError: they are not of as many seeds.
        """
        mine, theirs = self.columns, other.columns
        shared = [set(one) & set(two) for one, two in zip(mine, theirs, strict=True)]
        return Sample.of(
            [
                {item: one[item] - two[item] for item in items}
                for one, two, items in zip(mine, theirs, shared, strict=True)
            ]
        )

    @property
    def columns(self) -> list[dict[str, float]]:
        """Item → value, for each seed."""
        return [dict(zip(self.items, row, strict=True)) for row in self.table]

    @property
    def estimate(self) -> Estimate:
        """The mean with its interval over seeds and items; of one seed, that of every mean over texts."""
        if len(self.table) < 2:
            return bootstrap([value for row in self.table for value in row])
        return crossed(np.asarray(self.table, dtype=float)).estimate


@dataclass(frozen=True)
class Figure:
    """One number. `name` is that by which it is known from run to run; `group`, `row` and `column` say in words where
    it stands. `unit` is "%" for a share of one; `better` whether a higher or a lower one is. `low` and `high` are the
    ends of its 95 % interval, None where there is none. It is of so many `texts` (or pairs, or repetitions, as
    `of` says) and `seeds`."""

    name: str
    group: str
    row: str
    column: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""
    better: Better = ""
    n: int = 0
    of: str = ""
    seeds: int = 1

    @property
    def has_interval(self) -> bool:
        return self.low is not None and self.high is not None

    def written(self, value: float) -> str:
        """A number in this figure's unit: "81.9 %", "1.64", "12.3 s"."""
        return written(value, self.unit)

    @property
    def in_words(self) -> str:
        """The number with its interval: "81.9 % [80.1 %, 83.2 %]"."""
        if self.low is None or self.high is None:
            return self.written(self.value)
        return f"{self.written(self.value)} [{self.written(self.low)}, {self.written(self.high)}]"


@dataclass(frozen=True)
class Found:
    """A figure, and the values that it was computed from, where it is a mean over texts."""

    figure: Figure
    sample: Sample | None = None


@dataclass(frozen=True)
class Place:
    """Where figures stand: all of `Figure` that is no number."""

    name: str
    group: str
    row: str
    column: str
    unit: str = ""
    better: Better = ""

    def mean(self, sample: Sample, of: str) -> Found | None:
        """The mean over seeds and items; None where there is no value."""
        if not sample.items:
            return None
        return Found(self._figure(sample.estimate, len(sample.items), of, len(sample.table)), sample)

    def median(self, values: Sequence[float], of: str) -> Found:
        """The median of repetitions with its bootstrap interval."""
        known = np.asarray(values, dtype=float)
        found = resampled(lambda chosen: {"median": float(np.median(known[chosen]))}, len(known))["median"]
        return Found(self._figure(found, len(known), of))

    def share(self, share: float, n: int, of: str) -> Found:
        """A share of `n` with Wilson's interval."""
        return Found(self._figure(proportion(share, n), n, of))

    def alone(self, value: float, n: int = 1, of: str = "measurement", seeds: int = 1) -> Found:
        """A number of which there is no interval: a largest value, or what was measured once."""
        return Found(self._figure(Estimate(value, math.nan, math.nan, n), n, of, seeds))

    def _figure(self, found: Estimate, n: int, of: str, seeds: int = 1) -> Figure:
        low, high = (None if math.isnan(end) else end for end in (found.low, found.high))
        return Figure(
            self.name, self.group, self.row, self.column, found.mean, low, high, self.unit, self.better, n, of, seeds
        )


def written(value: float, unit: str) -> str:
    """A number for a person, with its unit: a share as per cent."""
    if unit == SHARE:
        return percent(value)
    return f"{number(value)} {unit}" if unit else number(value)


def item_of(text: str) -> str:
    """By which name a text's value is kept."""
    return name_of(text)[:16]
