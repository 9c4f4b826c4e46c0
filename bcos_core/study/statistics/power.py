"""The power hint: what difference a design can be expected to show, before anybody is asked."""

from __future__ import annotations

from dataclasses import dataclass

from scipy import optimize, stats

from bcos_core.errors import InputError
from bcos_core.numbers import percent
from bcos_core.study.statistics.result import CONFIDENCE, MINIMUM, Basis, Quantity, Result
from bcos_core.study.statistics.variation import Variation

POWER = 0.8


@dataclass(frozen=True)
class SampleSize:
    """How many are asked about how many items; every rater answers `items_per_rater` of the `items`, conditions
    balanced over both. `heatmaps`: how many conditions one answer is about.

    Raises:
        InputError: numbers that no study can have.
    """

    raters: int
    items: int
    items_per_rater: int
    conditions: int
    variation: Variation
    heatmaps: int = 1

    def __post_init__(self) -> None:
        if min(self.raters, self.items, self.items_per_rater) < 1 or self.conditions < 2:
            raise InputError("A study needs at least one rater, one item, one item per rater, and two conditions.")
        if self.items_per_rater > self.items:
            raise InputError(f"{self.items_per_rater} items per rater, but there are only {self.items}.")

    def variance(self) -> float:
        """Of the estimated difference of two conditions.

        Answers of two conditions, a = R m h / C for each, with h heatmaps on a screen: 2 σ² / a; each rater's own
        difference has 2 ρ², and there are R of them; items likewise. One comparison shows two conditions at once,
        R m / (C (C − 1) / 2) for each pair of conditions, and its answer is the difference itself.
        """
        assumed, answers = self.variation, self.raters * self.items_per_rater
        own = 2 * assumed.rater**2 / self.raters + 2 * assumed.item**2 / self.items
        if self.heatmaps == 2:
            return assumed.answer**2 / (answers / (self.conditions * (self.conditions - 1) / 2)) + own / 2
        return 2 * assumed.answer**2 / (answers * self.heatmaps / self.conditions) + own


def power_of(size: SampleSize, difference: float) -> float:
    """Chance that the two-way clustered t test shows this difference, with its sign, at 5 %: by the noncentral t."""
    degrees = min(size.raters, size.items) - 1
    edge = stats.t.ppf((1 + CONFIDENCE) / 2, degrees)
    away = abs(difference) / size.variance() ** 0.5
    return float(stats.nct.sf(edge, degrees, away))


def detectable_difference(size: SampleSize) -> Result:
    """The difference of two conditions that a study of this size shows at 5 % with 80 % power."""
    assumed = size.variation
    assumes = (
        f"Assumed, not measured: one answer varies by {assumed.answer:g} once its rater and item are known, a rater's "
        f"own preference for a condition by {assumed.rater:g}, an item's by {assumed.item:g} (standard deviations, "
        f"{assumed.unit}); conditions balanced over raters and items, no answers missing; one comparison of two "
        "conditions, tested at 5 % without correction for others, by the two-way clustered t test."
    )
    basis = Basis(size.raters, size.items, size.raters * size.items_per_rater)
    test = f"Difference that can be detected with {percent(POWER, decimals=0)} power"
    for count, what in ((size.raters, "raters"), (size.items, "items")):
        if count < MINIMUM:
            return Result(test, assumes, basis, undefined=f"{count} {what}: no p is given below {MINIMUM}.")
    error = size.variance() ** 0.5
    found = optimize.brentq(lambda ratio: power_of(size, ratio * error) - POWER, 0.5, 12)
    return Result(test, assumes, basis, (Quantity(f"detectable difference, {assumed.unit}", float(found) * error),))
