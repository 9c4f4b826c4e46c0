"""Agreement of two explanations, by hand."""

from __future__ import annotations

import math

import pytest

from bcos_core.attribution.agreement import rank_agreement, shared_words, top_agreement
from bcos_core.attribution.record import Attribution
from bcos_core.text.token import Token
from tests.render.records import record


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


def test_words_of_different_tokenizers_are_those_of_both() -> None:
    def of(*given: tuple[int, int, float]) -> Attribution:
        tokens = tuple(Token("t", start, end) for start, end, _ in given)
        return record(text="🇩🇪🇫🇷 a [SEP] b", tokens=tokens, scores=tuple(score for *_, score in given))

    # One knows neither flag and reads no further than [SEP]; the other knows flags, and spells [SEP] out.
    one = of((0, 4, 1.0), (5, 6, 2.0), (7, 12, 4.0))
    other = of((0, 2, 0.5), (2, 4, 0.25), (5, 6, 8.0), (7, 8, 1.0), (8, 11, 2.0), (11, 12, 3.0), (13, 14, 9.0))
    assert shared_words([one, other]) == [(1.0, 2.0, 4.0), (0.75, 8.0, 6.0)]
    assert shared_words([other]) == [(0.5, 0.25, 8.0, 1.0, 2.0, 3.0, 9.0)]
    with pytest.raises(ValueError, match="not of one text"):
        shared_words([one, record()])
