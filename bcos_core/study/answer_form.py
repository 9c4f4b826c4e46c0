"""What may be answered: the questions of an item, and which values each takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bcos_core.errors import AnswerError

LONGEST_TEXT = 10_000
LONGEST_DIMENSION = 64
_UNKEEPABLE = re.compile("[\x00\ud800-\udfff]")
"""What no browser sends of what was typed, and not every database keeps."""


@dataclass(frozen=True)
class Choice:
    """One of a few values: a point of a scale, a label, a side."""

    name: str
    allowed: tuple[int | str | bool, ...]
    required: bool = True

    def refusal(self, value: Any) -> str | None:
        # 1, 1.0 and True are equal in Python; in an export they are not.
        if any(type(value) is type(one) and value == one for one in self.allowed):
            return None
        return f"takes one of {', '.join(map(str, self.allowed))}"


@dataclass(frozen=True)
class Number:
    """A number from `low` to `high`, both included."""

    name: str
    low: float
    high: float
    required: bool = True

    def refusal(self, value: Any) -> str | None:
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if number and self.low <= value <= self.high else f"takes a number from {self.low} to {self.high}"


@dataclass(frozen=True)
class FreeText:
    """The rater's own words."""

    name: str
    required: bool = False
    longest: int = LONGEST_TEXT

    def refusal(self, value: Any) -> str | None:
        if not isinstance(value, str):
            return "takes a text"
        if _UNKEEPABLE.search(value):
            return "takes text, and has characters in it that are none"
        if len(value) > self.longest:
            return f"takes at most {self.longest:,} characters; this text has {len(value):,}. Shorten it"
        return None


Dimension = Choice | Number | FreeText


@dataclass(frozen=True)
class AnswerForm:
    """The dimensions of an answer. A slot is answered when every required one is. With `distinct`, no two of them can
    have the same value.

    Raises:
        AnswerError: two dimensions of one name, a name that cannot be kept, or none that is required.
    """

    dimensions: tuple[Dimension, ...]
    distinct: bool = False

    def __post_init__(self) -> None:
        names = [dimension.name for dimension in self.dimensions]
        if len(set(names)) < len(names) or not all(0 < len(name) <= LONGEST_DIMENSION for name in names):
            raise AnswerError(f"Dimensions need different names of 1 to {LONGEST_DIMENSION} characters: {names}.")
        if not self.required:
            raise AnswerError("No dimension is required, so that no item would ever count as answered.")

    @property
    def required(self) -> frozenset[str]:
        return frozenset(dimension.name for dimension in self.dimensions if dimension.required)

    def check(self, values: Mapping[str, Any]) -> None:
        """
        Raises:
            AnswerError: nothing is answered, or something that was not asked, or with a value that is not allowed.
        """
        if not values:
            raise AnswerError("There is no answer to save. Choose one first.")
        known = {dimension.name: dimension for dimension in self.dimensions}
        for name, value in values.items():
            if name not in known:
                raise AnswerError(f"{str(name)[:80]!r} is not asked here. Asked: {', '.join(known)}.")
            refusal = known[name].refusal(value)
            if refusal is not None:
                raise AnswerError(f"{name!r} {refusal}. Nothing was saved.")

    def check_together(self, values: Mapping[str, Any]) -> None:
        """
        Raises:
            AnswerError: what stands and what is new do not go together.
        """
        if self.distinct and len(set(values.values())) < len(values):
            raise AnswerError("The same one cannot be chosen for two questions. Nothing was saved; choose another.")
