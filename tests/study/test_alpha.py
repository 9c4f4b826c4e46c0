"""Krippendorff's α against his published tables and a naive sum over pairs of answers."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from bcos_core.errors import DataError, UnknownNameError
from bcos_core.study.statistics.alpha import krippendorff_alpha

Answers = list[list[float]]  # for each unit the answers it was given

# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). Sections A and B: two observers, no answer missing.
BINARY = ("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
CATEGORIES = ("1 1 2 2 4 3 3 3 5 4 4 1", "2 1 2 2 2 3 3 3 5 4 4 4")
# Section C: four observers, some answers missing.
FOUR = ("1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3", ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 .")


def units(observers: tuple[str, ...]) -> Answers:
    rows = [observer.split() for observer in observers]
    return [[float(value) for value in unit if value != "."] for unit in zip(*rows, strict=True)]


def alpha(answers: Answers, level: str) -> float | None:
    values = sorted({value for unit in answers for value in unit})
    counts = np.array([[unit.count(value) for value in values] for unit in answers])
    return krippendorff_alpha(counts, np.array(values), level)


@pytest.mark.parametrize(
    ("observers", "level", "published"),
    [
        (BINARY, "nominal", 0.095),
        (CATEGORIES, "nominal", 0.692),
        (FOUR, "nominal", 0.743),
        (FOUR, "ordinal", 0.815),
        (FOUR, "interval", 0.849),
        (FOUR, "ratio", 0.797),
    ],
)
def test_the_published_tables(observers: tuple[str, ...], level: str, published: float) -> None:
    assert alpha(units(observers), level) == pytest.approx(published, abs=5e-4)


def naive(answers: Answers, level: str) -> float:
    """1 − the mean difference of pairs within a unit over that of all pairs, unit by unit as the definition reads."""
    known = [unit for unit in answers if len(unit) >= 2]
    everything = [value for unit in known for value in unit]

    def difference(a: float, b: float) -> float:
        low, high = min(a, b), max(a, b)
        if level == "nominal":
            return float(a != b)
        if level == "interval":
            return (a - b) ** 2
        if level == "ratio":
            return ((a - b) / (a + b)) ** 2 if a + b else 0.0
        between = sum(low <= value <= high for value in everything)
        return (between - (everything.count(low) + everything.count(high)) / 2) ** 2 if a != b else 0.0

    within = sum(difference(a, b) / (len(unit) - 1) for unit in known for a, b in permutations(unit, 2))
    overall = sum(difference(a, b) for a, b in permutations(everything, 2)) / (len(everything) - 1)
    return 1 - within / overall


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval", "ratio"])
def test_any_number_of_answers_of_any_value(level: str) -> None:
    generator = np.random.default_rng(0)
    for _ in range(20):
        # From 0 to 6, halves too; a value that only units with one answer have must change nothing.
        answers = [[float(v) / 2 for v in generator.integers(0, 13, generator.integers(0, 5))] for _ in range(12)]
        answers.append([9.0])
        assert alpha(answers, level) == pytest.approx(naive(answers, level), abs=1e-12)


def test_complete_agreement_and_its_opposite() -> None:
    assert alpha([[1, 1], [2, 2], [2, 2]], "nominal") == 1.0
    # Two units, each with both values: D_o = 1, D_e = 2 · 2 · 2 / (4 · 3), so α = 1 − 3 / 2.
    assert alpha([[1, 2], [2, 1]], "nominal") == pytest.approx(-0.5)


def test_one_value_alone_has_no_alpha() -> None:
    assert alpha([[3, 3], [3, 3]], "interval") is None
    assert alpha([[1], [2]], "nominal") is None


def test_ratios_need_a_true_zero() -> None:
    with pytest.raises(DataError, match="below zero"):
        alpha([[-1, 1], [2, 2]], "ratio")
    with pytest.raises(UnknownNameError, match="ratio"):
        alpha([[1, 1], [2, 2]], "rank")
