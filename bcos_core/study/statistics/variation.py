"""How much answers are assumed to vary, before there are any."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variation:
    """Standard deviations that a protocol's answers are assumed to have, in the answers' own unit.

    `answer`: of one answer after its rater and item are known; `rater`, `item`: of a rater's (an item's) own
    preference for a condition beyond the general one. What raters and items add to all conditions alike cancels.
    """

    unit: str
    answer: float
    rater: float
    item: float
