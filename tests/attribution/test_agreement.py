"""Agreement of two explanations, by hand."""

from __future__ import annotations

import math

import pytest

from bcos_core.attribution.agreement import rank_agreement, top_agreement


def test_kendalls_tau() -> None:
    assert rank_agreement([1, 2, 3, 4], [10, 20, 30, 40]) == pytest.approx(1.0)
    assert rank_agreement([1, 2, 3, 4], [4, 3, 2, 1]) == pytest.approx(-1.0)
    # One of six pairs is the other way round: (5 − 1) / 6.
    assert rank_agreement([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 6)
    assert math.isnan(rank_agreement([1, 1, 1], [1, 2, 3])) and math.isnan(rank_agreement([1], [1]))


def test_overlap_of_the_top_fifth() -> None:
    one = [9, 8, 0, 0, 0, 0, 0, 0, 0, 0]
    assert top_agreement(one, one) == 1.0
    assert top_agreement(one, [9, 0, 8, 0, 0, 0, 0, 0, 0, 0]) == 0.5
    assert top_agreement([1.0], [-1.0]) == 1.0


def test_scores_of_different_texts_are_refused() -> None:
    for compare in (rank_agreement, top_agreement):
        with pytest.raises(ValueError, match="not of the same text"):
            compare([1.0, 2.0], [1.0])
