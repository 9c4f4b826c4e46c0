"""What has become of everybody who came: the one source of these numbers for page, paragraph and export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bcos_core.study.access import Rater


class Part(StrEnum):
    """The part that a rater has in the results. The first that is true of them, in this order."""

    WITHDREW = "withdrew"
    SCREENED_OUT = "screened out by the comprehension check"
    TAKEN_OUT = "taken out by the researcher"
    LEFT_OUT = "left out by the rule"
    COUNTS = "counts"
    NO_ITEM = "answered no item"


@dataclass(frozen=True)
class Participation:
    """`parts`: rater → part, in the order in which they came."""

    parts: Mapping[str, Part]

    def number(self, *parts: Part) -> int:
        """How many raters have one of these parts."""
        return sum(part in parts for part in self.parts.values())


def participation(raters: Sequence[Rater], answered: frozenset[str], excluded: Mapping[str, str]) -> Participation:
    """The parts of `raters`, of whom those `answered` an item, and the rule leaves out those who are `excluded`."""

    def part(rater: Rater) -> Part:
        if rater.withdrawn_at is not None:
            return Part.WITHDREW
        if rater.screened_out_at is not None:
            return Part.SCREENED_OUT
        if rater.excluded_at is not None:
            return Part.TAKEN_OUT
        if rater.id in excluded:
            return Part.LEFT_OUT
        return Part.COUNTS if rater.id in answered else Part.NO_ITEM

    return Participation({rater.id: part(rater) for rater in raters})
