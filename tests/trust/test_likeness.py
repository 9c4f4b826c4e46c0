"""How alike two heatmaps are, by hand."""

from __future__ import annotations

import pytest
from scipy.stats import spearmanr

from bcos_core.trust.compare import between_seeds, by_difference, by_rank, by_strength, of_all_words, of_shared_words
from bcos_core.trust.edits import Change, apply
from bcos_core.trust.likeness import largest_difference, overlap, rank_likeness


def test_rank_likeness_is_spearmans_rho() -> None:
    # Ranks 1 2 3 4 5 beside 2 1 4 3 5: Σd² = 4, ρ = 1 − 6 · 4 / (5 · 24) = 0.8.
    assert rank_likeness([0.1, 0.2, 3.0, 4.0, 5.0], [2.0, -1.0, 4.0, 3.0, 9.0]) == pytest.approx(0.8)
    assert rank_likeness([1, 2, 3], [-1, -2, -3]) == pytest.approx(-1.0)
    tied = [1.0, 1.0, 2.0, 5.0], [3.0, 2.0, 2.0, 7.0]
    assert rank_likeness(*tied) == pytest.approx(float(spearmanr(*tied).statistic))


def test_what_ranks_nothing_is_as_good_as_the_same_only_beside_what_ranks_nothing() -> None:
    assert rank_likeness([0.0, 0.0, 0.0], [1.0, 1.0, 1.0]) == 1.0
    assert rank_likeness([0.0, 0.0, 0.0], [1.0, 2.0, 3.0]) == 0.0


def test_overlap_by_hand() -> None:
    assert overlap([1.0, -2.0, 0.5], [10.0, -20.0, 5.0]) == 1.0  # another scale is no other heatmap
    # (1, 0.5) beside (0.5, 1): Σ|a − b| = 1 of Σ(|a| + |b|) = 3.
    assert overlap([2.0, 1.0], [1.0, 2.0]) == pytest.approx(2 / 3)
    assert overlap([1.0, 0.0], [0.0, 1.0]) == 0.0 and overlap([1.0, 1.0], [-1.0, -1.0]) == 0.0
    assert overlap([0.0, 0.0], [0.0, 0.0]) == 1.0


def test_largest_difference_by_hand() -> None:
    assert largest_difference([1.0, -4.0], [1.5, -4.0]) == pytest.approx(0.125)
    assert largest_difference([0.0], [0.0]) == 0.0 and largest_difference([0.0], [1e-9]) == 1.0


@pytest.mark.parametrize("compared", [rank_likeness, overlap, largest_difference])
def test_scores_of_other_texts_are_refused(compared: object) -> None:
    assert callable(compared)
    with pytest.raises(ValueError, match="expected as many"):
        compared([1.0, 2.0], [1.0])


def words(*scores: float) -> dict[tuple[int, int], float]:
    """Words of one letter, a space apart."""
    return {(2 * place, 2 * place + 1): score for place, score in enumerate(scores)}


def test_texts_without_numbers_or_with_few_words_do_not_count() -> None:
    maps = [words(1, 2, 3, 4, 5), None, words(1, 2, 3, 4), words(1, 2, 3, 4, 5)]
    other = [words(1, 2, 3, 4, 5), words(1, 2, 3, 4, 5), words(1, 2, 3, 4), words(-5, -4, -3, -2, -1)]
    assert by_rank(maps, other) == pytest.approx([1.0, 1.0])
    assert by_strength(maps, other) == pytest.approx([1.0, -1.0])  # 5 4 3 2 1 where there was 1 2 3 4 5
    assert by_difference(maps, other) == pytest.approx([0.0, 6 / 5])


def test_seeds_are_compared_two_at_a_time() -> None:
    up, down = words(1, 2, 3, 4, 5), words(5, 4, 3, 2, 1)
    # ρ of the three pairs: 1, −1, −1.
    assert between_seeds([[up, up], [up, None], [down, up]]) == pytest.approx([-1 / 3])


def test_shared_words_are_those_that_stand_in_both_texts() -> None:
    edit = apply("a b c d e f", [Change(2, 3, "xyz")])
    assert edit.text == "a xyz c d e f"
    before = words(1, 9, 2, 3, 4, 5)
    after = {(0, 1): 1.0, (2, 5): -7.0, (6, 7): 2.0, (8, 9): 3.0, (10, 11): 4.0, (12, 13): 5.0}
    assert of_shared_words([before], [after], [edit]) == pytest.approx([1.0])  # b and xyz are left out
    # b (9) is gone and xyz (−7) has come: scaled by 9 and 7, Σ|a − b| over the rest is Σ s (1/7 − 1/9), s = 1 … 5.
    rest = 15 * (1 / 7 - 1 / 9)
    total = 15 / 9 + 1 + 15 / 7 + 1
    assert of_all_words([before], [after], [edit]) == pytest.approx([1 - (rest + 2) / total])
    kept = apply("a b c d e f", [Change(2, 3, "xyz", same=True)])  # its place is looked at
    assert of_all_words([before], [after], [kept]) == pytest.approx([1 - (rest + 2) / total])
    assert of_shared_words([before], [after], [kept])[0] < 0.2
