"""The power hint: what difference a design can be expected to show, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import optimize, stats

from bcos_core.errors import InputError, UnknownNameError
from bcos_core.study.statistics.result import CONFIDENCE, MINIMUM, Basis, Quantity, Result

POWER = 0.8


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


VARIATION = {
    "rating": Variation("points on a 1–5 scale", 0.9, 0.25, 0.25),
    "paired": Variation("share preferring one minus share preferring the other", 0.9, 0.3, 0.3),
    "simulation": Variation("accuracy gain (1 = all)", 0.6, 0.1, 0.1),
    "edit": Variation("flip rate (1 = all)", 0.5, 0.1, 0.1),
    "trust": Variation("share of right verdicts (1 = all)", 0.5, 0.1, 0.1),
}
"""Protocol → what is assumed of its answers, unless the design says otherwise."""


@dataclass(frozen=True)
class Design:
    """A study as planned; every rater answers `items_per_rater` of the `items`, conditions balanced over both."""

    raters: int
    items: int
    items_per_rater: int
    conditions: int
    protocol: str = "rating"
    variation: Variation | None = None

    def __post_init__(self) -> None:
        if self.protocol not in VARIATION:
            raise UnknownNameError("protocol", self.protocol, VARIATION)
        if min(self.raters, self.items, self.items_per_rater) < 1 or self.conditions < 2:
            raise InputError("A design needs at least one rater, one item, one item per rater, and two conditions.")
        if self.items_per_rater > self.items:
            raise InputError(f"{self.items_per_rater} items per rater, but there are only {self.items}.")

    @property
    def assumed(self) -> Variation:
        return self.variation or VARIATION[self.protocol]

    def variance(self) -> float:
        """Of the estimated difference of two conditions.

        Answers of two conditions, a = R m / C for each: 2 σ² / a; each rater's own difference has 2 ρ², and there are
        R of them; items likewise. One comparison shows two conditions at once, R m / (C (C − 1) / 2) for each pair of
        conditions, and its answer is the difference itself.
        """
        assumed, answers = self.assumed, self.raters * self.items_per_rater
        own = 2 * assumed.rater**2 / self.raters + 2 * assumed.item**2 / self.items
        if self.protocol == "paired":
            return assumed.answer**2 / (answers / (self.conditions * (self.conditions - 1) / 2)) + own / 2
        return 2 * assumed.answer**2 / (answers / self.conditions) + own


def power_of(design: Design, difference: float) -> float:
    """Chance that the two-way clustered t test shows this difference, with its sign, at 5 %: by the noncentral t."""
    degrees = min(design.raters, design.items) - 1
    edge = stats.t.ppf((1 + CONFIDENCE) / 2, degrees)
    away = abs(difference) / design.variance() ** 0.5
    return float(stats.nct.sf(edge, degrees, away))


def detectable_difference(design: Design) -> Result:
    """The difference of two conditions that the design shows at 5 % with 80 % power."""
    assumed = design.assumed
    assumes = (
        f"Assumed, not measured: one answer varies by {assumed.answer:g} once its rater and item are known, a rater's "
        f"own preference for a condition by {assumed.rater:g}, an item's by {assumed.item:g} (standard deviations, "
        f"{assumed.unit}); conditions balanced over raters and items, no answers missing; one comparison of two "
        "conditions, tested at 5 % without correction for others, by the two-way clustered t test."
    )
    basis = Basis(design.raters, design.items, design.raters * design.items_per_rater)
    test = f"Difference that can be detected with {POWER:.0%} power"
    for count, what in ((design.raters, "raters"), (design.items, "items")):
        if count < MINIMUM:
            return Result(test, assumes, basis, undefined=f"{count} {what}: no p is given below {MINIMUM}.")
    error = design.variance() ** 0.5
    found = optimize.brentq(lambda ratio: power_of(design, ratio * error) - POWER, 0.5, 12)
    return Result(test, assumes, basis, (Quantity(f"detectable difference, {assumed.unit}", float(found) * error),))
