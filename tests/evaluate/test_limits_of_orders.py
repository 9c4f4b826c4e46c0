"""Limits of removal scores against every order there is, and normalised scores where the best order is known."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from bcos_core.errors import NotFiniteError
from bcos_core.evaluate import forward, limits
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Case
from bcos_core.evaluate.curves import leave_one_out, removal_curves, removal_steps
from bcos_core.evaluate.limits import Limits, find_limits
from bcos_core.evaluate.orders import Beam, best_sum
from bcos_core.evaluate.probability import softmax
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.scores import SCORES
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import Encoded, encode
from tests.evaluate.conftest import WEIGHTS, BagOfWords

WORDS = ["great", "dull", "film", "good", "awful"]
LONG = ["the", "great", "dull", "film", "is", "good", "awful", "and", "long", "but", "new"]


class Pairwise:
    """A model with interactions: the logit of class 1 has a term for every token and for every pair of neighbours among
    those that are left, drawn once for each token id."""

    def __init__(self, mask: int, seed: int) -> None:
        self.mask, self.seed, self.rows = mask, seed, 0

    def drawn(self, *ids: int) -> float:
        return random.Random(f"{self.seed} {ids}").gauss(0.0, 1.0)

    def logit(self, ids: Sequence[int]) -> float:
        left = [id for id in ids[1:-1] if id != self.mask]
        return sum(self.drawn(id) for id in left) + sum(self.drawn(*two) for two in itertools.pairwise(left))

    def predict(
        self, ids: Tensor, mask: Tensor, *, original: Tensor, visible: Tensor, token_type_ids: Tensor | None
    ) -> Tensor:
        self.rows += len(ids)
        texts = [row[: int(real.sum())].tolist() for row, real in zip(ids, mask, strict=True)]
        one = torch.tensor([self.logit(text) for text in texts], dtype=torch.float64)
        return torch.stack([torch.zeros_like(one), one], 1)


@pytest.fixture
def pairwise(monkeypatch: pytest.MonkeyPatch, tokenizer: PreTrainedTokenizerBase) -> Callable[[int], Pairwise]:
    def make(seed: int) -> Pairwise:
        model = Pairwise(int(tokenizer.mask_token_id or 0), seed)
        monkeypatch.setattr(forward, "ModelView", lambda _: model)
        return model

    return make


def text_of(classifier: Classifier, words: Sequence[str]) -> Encoded:
    (text,) = encode(classifier.tokenizer, [" ".join(words)], 64)
    assert len(text) == len(words) + 2
    return text


def by_every_order(model: Pairwise, text: Encoded) -> Limits:
    """AOPC as the paper writes it, over all orders, each removal written out."""

    def p(removed: Sequence[int]) -> float:
        ids = [model.mask if place in removed else id for place, id in enumerate(text.ids)]
        return 1 / (1 + math.exp(-model.logit(ids)))

    places = range(1, len(text) - 1)
    found, gaps = [], []
    for order in itertools.permutations(places):
        both = []
        for one in (order, order[::-1]):
            falls = [p([]) - p(one[:count]) for count in range(1, len(one) + 1)]
            both.append(sum(falls) / len(falls))
        found.append(both[0])
        gaps.append(both[0] - both[1])
    return Limits(min(found), max(found), max(gaps), exact=True)


def searched(classifier: Classifier, texts: Sequence[Encoded], *, width: int = 4) -> list[Limits]:
    answers = Answers(classifier, REMOVALS["mask"])
    return find_limits(answers, texts, [1] * len(texts), softmax, width=width)


def assert_same(one: Limits, other: Limits) -> None:
    for name in ("lowest", "highest", "gap"):
        assert getattr(one, name) == pytest.approx(getattr(other, name), abs=1e-9), name


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", range(1, 7))
def test_limits_are_those_of_every_order(
    size: int, seed: int, pairwise: Callable[[int], Pairwise], classifier: Classifier
) -> None:
    model, text = pairwise(seed), text_of(classifier, LONG[:size])
    (found,) = searched(classifier, [text])
    assert found.exact
    assert_same(found, by_every_order(model, text))


@pytest.mark.parametrize("seed", range(3))
def test_a_beam_is_within_the_exact_limits_and_reaches_them_when_it_is_wide(
    seed: int, pairwise: Callable[[int], Pairwise], classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairwise(seed)
    text = text_of(classifier, LONG[:7])
    (exact,) = searched(classifier, [text])
    monkeypatch.setattr(limits, "EXACT_UP_TO", 0)
    spans = []
    for width in (1, 2, 4, math.comb(7, 3)):
        (beam,) = searched(classifier, [text], width=width)
        assert not beam.exact
        assert beam.highest <= exact.highest + 1e-9 and beam.lowest >= exact.lowest - 1e-9
        assert beam.gap <= exact.gap + 1e-9
        spans.append(beam)
    assert_same(spans[-1], exact)
    assert spans[2].gap == pytest.approx(exact.gap, rel=0.02)  # the usual width comes near


def test_texts_searched_together_are_those_searched_alone(
    pairwise: Callable[[int], Pairwise], classifier: Classifier
) -> None:
    model = pairwise(0)
    texts = [text_of(classifier, LONG), text_of(classifier, LONG[:3]), text_of(classifier, LONG[2:])]
    together = searched(classifier, texts)
    assert [one.exact for one in together] == [False, True, False]
    assert together == [searched(classifier, [text])[0] for text in texts]
    # Of a text of n tokens fewer sets are tried than n² · width / 2 for each of four searches.
    model.rows = 0
    searched(classifier, texts[:1])
    assert model.rows < 4 * len(LONG) ** 2 * 4 / 2


def test_a_set_that_was_tried_is_not_tried_again(pairwise: Callable[[int], Pairwise], classifier: Classifier) -> None:
    model, text = pairwise(1), text_of(classifier, WORDS)
    answers = Answers(classifier, REMOVALS["mask"])
    find_limits(answers, [text], [1], softmax, width=4)
    assert model.rows == answers.passes == 2**5
    row = [tuple(range(len(text)))]
    removal_steps(answers, [text], row)
    removal_curves(answers, [text], row)
    leave_one_out(answers, [text])
    assert model.rows == 2**5


def test_the_best_chain_is_the_best_of_all_orders() -> None:
    drawn = random.Random(0)
    for tokens in range(1, 7):
        weights = {chosen: drawn.gauss(0, 1) for chosen in range(1 << tokens)}
        best = -math.inf
        for order in itertools.permutations(range(tokens)):
            total, chosen = 0.0, 0
            for token in order[:-1]:
                chosen |= 1 << token
                total += weights[chosen]
            best = max(best, total)
        assert best_sum(tokens, weights) == pytest.approx(best)
        beam = Beam(tokens, math.comb(tokens, tokens // 2))
        while beam.candidates:
            beam.choose(weights)
        assert beam.best == pytest.approx(best)


def case(classifier: Classifier, words: Sequence[str], scores: Sequence[float]) -> Case:
    text, row = text_of(classifier, words), (0.0, *scores, 0.0)
    answers = Answers(classifier, REMOVALS["mask"])
    return Case(
        text,
        row,
        1,
        softmax,
        curves=removal_curves(answers, [text], [row])[0],
        steps=removal_steps(answers, [text], [row])[0],
        limits=find_limits(answers, [text], [1], softmax, width=4)[0],
    )


@pytest.mark.parametrize("words", [WORDS, LONG])
def test_the_true_order_scores_one_and_its_reverse_nought(
    words: list[str], bag: BagOfWords, classifier: Classifier
) -> None:
    # The model adds up words: to remove them by their weight is best, at every step (by a beam too).
    true = [WEIGHTS.get(word, 0.0) for word in words]
    expected = {"naopc": (1, 0), "naopc_comprehensiveness": (1, 0), "naopc_sufficiency": (0, 1)}
    for name, (best, worst) in expected.items():
        perfect = SCORES[name].compute(case(classifier, words, true))
        reversed_ = SCORES[name].compute(case(classifier, words, [-weight for weight in true]))
        assert perfect == pytest.approx(best, abs=1e-6) and reversed_ == pytest.approx(worst, abs=1e-6)
    drawn = random.Random(0)
    several = [
        SCORES["naopc"].compute(case(classifier, words, drawn.sample(range(9), 5) + [0] * (len(words) - 5)))
        for _ in range(30)
    ]
    assert all(value is not None and -1e-9 <= value <= 1 + 1e-9 for value in several)


def test_random_orders_score_one_half_on_average(bag: BagOfWords, classifier: Classifier) -> None:
    # Of every order there is also the reverse, whose comprehensiveness − sufficiency is the negative.
    values = [
        SCORES["naopc"].compute(case(classifier, WORDS, order)) for order in itertools.permutations(range(len(WORDS)))
    ]
    assert sum(value for value in values if value is not None) / len(values) == pytest.approx(0.5)


def test_normalised_scores_by_hand(bag: BagOfWords, classifier: Classifier) -> None:
    # Two words, "great" (2) and "dull" (−1), logit 1 together: p is the logistic function of what is left.
    def p(logit: float) -> float:
        return 1 / (1 + math.exp(-logit))

    great_first = ((p(1) - p(-1)) + (p(1) - p(0))) / 2
    dull_first = ((p(1) - p(2)) + (p(1) - p(0))) / 2
    (found,) = searched(classifier, [text_of(classifier, ["great", "dull"])])
    assert_same(found, Limits(dull_first, great_first, great_first - dull_first, exact=True))


def test_a_model_that_looks_at_no_word_has_no_normalised_score(bag: BagOfWords, classifier: Classifier) -> None:
    nothing = case(classifier, ["the", "is", "but"], [3.0, 2.0, 1.0])
    one = case(classifier, ["great"], [1.0])
    for name in ("naopc", "naopc_comprehensiveness", "naopc_sufficiency"):
        assert SCORES[name].compute(nothing) is None and SCORES[name].compute(one) is None


def test_an_answer_that_is_no_number_is_no_limit(
    pairwise: Callable[[int], Pairwise], classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = pairwise(0)
    monkeypatch.setattr(model, "logit", lambda ids: math.nan if model.mask in ids else 1.0)
    with pytest.raises(NotFiniteError, match="great"):
        searched(classifier, [text_of(classifier, ["the", "great", "film"])])


def test_log_odds_by_hand(bag: BagOfWords, classifier: Classifier) -> None:
    # "great film": logit 2.25 whole, 0.25 without "great"; at every tenth one token is the top, at none both.
    found = case(classifier, ["great", "film"], [2.0, 1.0])
    whole, without = 1 / (1 + math.exp(-2.25)), 1 / (1 + math.exp(-0.25))
    assert SCORES["log_odds"].compute(found) == pytest.approx(math.log(without / whole), abs=1e-6)
    vanished: Any = SimpleNamespace(curves=found.curves, p=lambda logits: 0.0)
    assert SCORES["log_odds"].compute(vanished) is None
