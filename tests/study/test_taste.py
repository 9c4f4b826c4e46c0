"""Simulated raters prefer by exactly as much as they are said to."""

from __future__ import annotations

import math
import statistics

import pytest

from bcos_core.errors import StudyError
from bcos_core.study.taste import Taste


@pytest.mark.parametrize("preference", [0.5, 0.0, -1.0, 3.0, 4.0])
def test_the_mean_difference_of_ratings_is_the_preference(preference: float) -> None:
    taste = Taste(("a", "b", "c"), preference, seed=1)
    places = [(rater, f"item {item}") for rater in range(60) for item in range(60)]
    ratings = {cell: [taste.rating(rater, item, cell) for rater, item in places] for cell in taste.cells}
    assert all(rating in (1, 2, 3, 4, 5) for one in ratings.values() for rating in one)
    for low, high, expected in (("a", "c", preference), ("a", "b", preference / 2)):
        differences = [up - down for down, up in zip(ratings[low], ratings[high], strict=True)]
        error = statistics.stdev(differences) / math.sqrt(len(differences))
        assert abs(statistics.fmean(differences) - expected) <= 4 * error  # 0 where the scale leaves no room at all


def test_a_rater_says_the_same_again_and_another_something_else() -> None:
    taste = Taste(("a", "b"), 0.5)
    first, again, other = ([taste.rating(rater, f"item {n}", "a") for n in range(30)] for rater in (1, 1, 2))
    assert first == again != other


def test_a_preference_that_does_not_fit() -> None:
    for preference in (4.5, -4.5, math.nan):
        with pytest.raises(StudyError, match="does not fit on a scale from 1 to 5"):
            Taste(("a", "b"), preference)
