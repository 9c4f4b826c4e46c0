"""Simulated raters of known taste: for planning a study, and for checking that the statistics find what is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

THRESHOLDS = (-1.3, -0.4, 0.4, 1.3)
"""Where the latent opinion turns from 1 to 2, 2 to 3, …; one answer's own noise has standard deviation 1."""


@dataclass(frozen=True)
class SimulatedStudy:
    """Ratings 1–5 from a latent normal opinion; each rater sees each item once, in one condition.

    The first condition is better than the others by `preference` points of the mean rating. `rater` and `item` are
    the standard deviations of the latent effects; the `…_taste` ones are of a rater's (an item's) own liking for
    each condition, so that the preference is not everybody's. `missing` is the share of answers that is not there.
    """

    raters: int = 20
    items: int = 24
    conditions: int = 3
    preference: float = 0.0
    rater: float = 0.5
    item: float = 0.5
    rater_taste: float = 0.0
    item_taste: float = 0.0
    missing: float = 0.1

    @property
    def spread(self) -> float:
        """Standard deviation of the latent opinion over raters, items and answers."""
        return float(np.sqrt(1 + self.rater**2 + self.item**2 + self.rater_taste**2 + self.item_taste**2))

    def mean_rating(self, latent: float) -> float:
        """Expected rating of a condition of that latent mean: 1 + Σ_k Φ((μ − τ_k) / σ)."""
        return 1 + float(stats.norm.cdf((latent - np.asarray(THRESHOLDS)) / self.spread).sum())

    def latent(self) -> float:
        """The latent mean that makes the first condition's expected rating better by exactly `preference`."""
        goal = self.mean_rating(0.0) + self.preference
        return float(optimize.brentq(lambda mean: self.mean_rating(mean) - goal, -10, 10, xtol=1e-12))

    def answers(self, seed: int | np.random.Generator) -> pd.DataFrame:
        """One run of the study, conditions in a Latin square over shuffled raters and items, named c0, c1, …"""
        draw = np.random.default_rng(seed)
        rater, item = (axis.ravel() for axis in np.indices((self.raters, self.items)))
        square = draw.permutation(self.raters)[rater] + draw.permutation(self.items)[item]
        condition = square % self.conditions
        opinion = (
            np.where(condition == 0, self.latent(), 0.0)
            + draw.normal(0, self.rater, self.raters)[rater]
            + draw.normal(0, self.item, self.items)[item]
            + draw.normal(0, self.rater_taste, (self.raters, self.conditions))[rater, condition]
            + draw.normal(0, self.item_taste, (self.items, self.conditions))[item, condition]
            + draw.normal(0, 1, len(rater))
        )
        value = 1.0 + (opinion[:, None] > np.asarray(THRESHOLDS)).sum(1)
        frame = pd.DataFrame({"rater": rater, "item": item, "condition": condition, "value": value})
        frame["condition"] = "c" + frame["condition"].astype(str)
        return frame[draw.random(len(frame)) >= self.missing].reset_index(drop=True)
