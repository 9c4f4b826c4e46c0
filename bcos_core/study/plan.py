"""What assignment needs of a locked study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from bcos_core.errors import StudyError

MOST_RATERS_PER_ITEM = 1000
PAIR = "|"  # between the conditions of a cell that shows several, in the order of the screen
LONGEST_NAME = 200  # of an item or a cell, as the database keeps it


@dataclass(frozen=True)
class Plan:
    """Which items a study shows, as what, and to how many.

    Raises:
        StudyError: the parts do not fit together.
    """

    study: str
    items: tuple[str, ...]
    cells: tuple[str, ...]
    """What an item can be shown as: conditions, or ordered sets of them ("a|b", "b|a") where a screen shows several."""
    items_per_rater: int
    raters_per_item: int
    """Wanted answers per item, over all its cells together."""
    checks: tuple[str, ...] = ()
    """Attention checks. They stand at the same places of every rater's sequence, and never count in the balance."""
    practice: tuple[str, ...] = ()
    """Shown first, in this order, to everyone; they count nowhere."""
    seed: int = 0
    comprehension: bool = False
    """A rater is given nothing before having passed the comprehension check."""

    def __post_init__(self) -> None:
        for kind, names in (("item", self.items), ("cell", self.cells)):
            if not names:
                raise StudyError(f"The study has no {kind}s. Choose at least one.")
        # A rater sees nothing twice, so an item, a check and a practice item cannot share a name.
        for kind, names in (("item", self.items + self.checks + self.practice), ("cell", self.cells)):
            twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else set()
            if twice:
                raise StudyError(f"The {kind} {min(twice)!r} is in the study twice. Each may be in it once.")
            if not all(0 < len(name) <= LONGEST_NAME for name in names):
                raise StudyError(f"The name of each {kind} must have 1 to {LONGEST_NAME} characters.")
        if not 1 <= self.items_per_rater <= len(self.items):
            raise StudyError(
                f"A rater cannot see {self.items_per_rater} of {len(self.items)} items. "
                f"Choose 1 to {len(self.items)} items per rater."
            )
        if self.raters_per_item < 1:
            raise StudyError(f"{self.raters_per_item} raters per item is not possible. Choose 1 or more.")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan that `to_dict` gave, or what JSON has made of it."""
        listed = {name: tuple(values[name]) for name in ("items", "cells", "checks", "practice") if name in values}
        return cls(**{**values, **listed})
