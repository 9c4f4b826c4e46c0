"""Scores of the evidence by hand, and against all orders of what is tied."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise, permutations, product

import pytest

from bcos_core.errors import NotFiniteError, UnknownNameError
from bcos_core.minimal_pairs.case import Case, evidence_among, scores_of, units_of
from bcos_core.minimal_pairs.measures import MEASURES, measure, measure_chance
from bcos_core.minimal_pairs.scores import (
    in_top,
    positive_share,
    preference,
    random_in_top,
    random_positive_share,
    random_reciprocal_rank,
    reciprocal_rank,
)
from bcos_core.text.token import Token


def test_by_hand() -> None:
    scores, evidence = [0.1, 0.9, -0.5, 0.4], [False, False, False, True]
    assert reciprocal_rank(scores, evidence) == 1 / 2
    assert (in_top(scores, evidence, 1), in_top(scores, evidence, 2)) == (0.0, 1.0)
    assert positive_share(scores, evidence) == pytest.approx(0.4 / 1.4)
    # Tied with one other for the places 2 and 3: (1/2 + 1/3) / 2.
    tied = [0.4, 0.9, -0.5, 0.4]
    assert reciprocal_rank(tied, evidence) == pytest.approx(5 / 12)
    assert in_top(tied, evidence, 2) == 1 / 2
    # Of several evidence tokens the best one counts, and both have their share.
    assert reciprocal_rank(scores, [True, False, True, True]) == 1 / 2
    assert positive_share(scores, [True, False, True, True]) == pytest.approx(0.5 / 1.4)
    # Whoever says nothing is ranked at random: 1/3 · (1 + 1/2 + 1/3).
    assert reciprocal_rank([0, 0, 0], [False, True, False]) == pytest.approx(11 / 18)


def in_every_order(scores: tuple[int, ...], evidence: tuple[bool, ...]) -> tuple[float, list[float]]:
    """Expected reciprocal rank and, by k, the chance to be among the first k, from all orders that the scores allow."""
    orders = [
        order
        for order in permutations(range(len(scores)))
        if all(scores[one] >= scores[after] for one, after in pairwise(order))
    ]
    ranks = [min(order.index(place) for place in order if evidence[place]) + 1 for order in orders]
    mean = sum(Fraction(1, rank) for rank in ranks) / len(ranks)
    return float(mean), [sum(rank <= k for rank in ranks) / len(ranks) for k in range(1, len(scores) + 1)]


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_ties_are_at_their_expectation_over_all_orders(size: int) -> None:
    for scores in product(range(3), repeat=size):
        for evidence in product((False, True), repeat=size):
            if not any(evidence):
                continue
            rank, tops = in_every_order(scores, evidence)
            assert reciprocal_rank(scores, evidence) == pytest.approx(rank, abs=1e-12)
            for k, top in enumerate(tops, start=1):
                assert in_top(scores, evidence, k) == pytest.approx(top, abs=1e-12)


def test_a_random_ranking_is_expected_to_reach() -> None:
    harmonic = sum(Fraction(1, rank) for rank in range(1, 11))
    assert random_reciprocal_rank(10, 1) == pytest.approx(float(harmonic / 10))
    assert random_in_top(10, 1, 3) == pytest.approx(0.3)
    assert random_in_top(10, 2, 3) == pytest.approx(1 - (8 / 10) * (7 / 9) * (6 / 8))  # none in three draws
    assert random_in_top(4, 2, 2) == pytest.approx(1 - 1 / 6)  # one of the six pairs of places has none
    assert random_in_top(3, 1, 5) == 1.0
    assert random_positive_share(8, 2) == 0.25
    # The first of two of three: 1/3 · (1/1 + 1/1 + 1/2).
    assert random_reciprocal_rank(3, 2) == pytest.approx(5 / 6)
    assert random_reciprocal_rank(1000, 1) == pytest.approx(sum(1 / rank for rank in range(1, 1001)) / 1000)
    for units, evidence in ((3, 0), (3, 4), (0, 0)):
        for function in (random_reciprocal_rank, random_positive_share):
            with pytest.raises(ValueError, match="expected from one to all"):
                function(units, evidence)


def test_the_share_of_what_is_not_positive_is_not_defined() -> None:
    assert positive_share([-1.0, 0.0], [True, False]) is None
    assert positive_share([-1.0, 2.0], [True, False]) == 0.0


def test_what_cannot_be_ranked_is_refused() -> None:
    for scores in ([math.nan, 1.0], [math.inf, 1.0]):
        for function in (reciprocal_rank, positive_share):
            with pytest.raises(NotFiniteError):
                function(scores, [False, True])
    with pytest.raises(ValueError, match="0 of 2 marked"):
        reciprocal_rank([1.0, 2.0], [False, False])
    with pytest.raises(ValueError, match="3 scores"):
        reciprocal_rank([1.0, 2.0, 3.0], [False, True])


def test_the_model_prefers_one_of_the_words_or_none() -> None:
    assert [preference(good, 1.0) for good in (2.0, 1.0, 0.0)] == [1.0, 0.5, 0.0]
    with pytest.raises(NotFiniteError):
        preference(math.nan, 1.0)


TEXT = "The actresses near"
SPANS = ((None, None), (0, 3), (3, 7), (7, 13), (13, 18))
TOKENS = tuple(Token("any", start, end) for start, end in SPANS)
SCORES = (9.0, 1.0, 2.0, -3.0, 0.5)
EVIDENCE = (4, 13)


def case(unit: str) -> Case:
    units = units_of(TEXT, TOKENS, unit)
    return Case(scores_of(units, SCORES), evidence_among(units, EVIDENCE))


def test_tokens_are_ranked_without_those_that_were_added() -> None:
    assert case("token") == Case((1.0, 2.0, -3.0, 0.5), (False, True, True, False))
    assert measure(case("token"), MEASURES, method="bcos") == {
        "mrr": 1.0,
        "top_1": 1.0,
        "top_3": 1.0,
        "positive_share": pytest.approx(2.0 / 3.5),
    }


def test_words_have_the_sums_of_their_tokens() -> None:
    words = case("word")
    assert words == Case((1.0, -1.0, 0.5), (False, True, False))
    assert measure(words, MEASURES, method="bcos") == {
        "mrr": pytest.approx(1 / 3),
        "top_1": 0.0,
        "top_3": 1.0,
        "positive_share": 0.0,
    }
    assert measure(words, ["top_3"], method="bcos") == {"top_3": 1.0}
    assert measure_chance(words, MEASURES) == {
        "mrr": pytest.approx(11 / 18),
        "top_1": pytest.approx(1 / 3),
        "top_3": 1.0,
        "positive_share": pytest.approx(1 / 3),
    }


def test_what_was_cut_off_has_no_rank() -> None:
    units = units_of(TEXT, TOKENS[:-1], "token")
    assert evidence_among(units, (14, 18)) is None and evidence_among(units, None) is None
    assert measure(Case((1.0, 2.0)), MEASURES, method="bcos") == measure_chance(Case((1.0, 2.0)), MEASURES) == {}
    with pytest.raises(UnknownNameError, match="sentence"):
        units_of(TEXT, TOKENS, "sentence")


def test_a_share_of_pairs_has_wilsons_interval_and_a_mean_the_bootstraps() -> None:
    # Wilson, 8 of 10: (0.8 + z²/20 ± z √(0.16/10 + z²/400)) / (1 + z²/10), z = 1.96
    found = MEASURES["top_1"].estimate([1.0] * 8 + [0.0] * 2)
    assert (found.mean, found.low, found.high) == pytest.approx((0.8, 0.4902, 0.9433), abs=1e-4)
    assert MEASURES["mrr"].estimate([0.5, 0.5]).has_interval is False
    assert MEASURES["mrr"].estimate([]).n == 0


def test_shares_are_written_in_per_cent() -> None:
    assert MEASURES["top_1"].written(0.5) == "50.0 %" and MEASURES["strike"].written(-0.25) == "−0.250"
    assert MEASURES["deletion"].written(1.5, signed=True) == "+1.50"
