"""Infidelity against captum's own function, by hand, and for the perfect, a random and the reversed explanation."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
import torch
from captum.metrics import infidelity
from torch import Tensor

from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Case, Sets
from bcos_core.evaluate.probability import softmax
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.scores import SCORES
from bcos_core.evaluate.sets import removed_sets
from bcos_core.model.classifier import Classifier
from bcos_core.text.encoding import Encoded, encode
from tests.evaluate.conftest import WEIGHTS, BagOfWords

WORDS = ["great", "dull", "film", "good", "awful"]
TRUE = [WEIGHTS[word] for word in WORDS]


def case(text: Encoded, sets: Sets, scores: Sequence[float]) -> Case:
    return Case(text, (0.0, *scores, 0.0), 1, softmax, sets=sets)


def value(text: Encoded, sets: Sets, scores: Sequence[float]) -> float:
    found = SCORES["infidelity"].compute(case(text, sets, scores))
    assert found is not None
    return found


@pytest.fixture
def drawn(bag: BagOfWords, classifier: Classifier) -> tuple[Encoded, Sets]:
    (text,) = encode(classifier.tokenizer, [" ".join(WORDS)], 64)
    return text, removed_sets(Answers(classifier, REMOVALS["mask"]), [text], seed=0)[0]


def test_it_is_what_captum_says(drawn: tuple[Encoded, Sets]) -> None:
    text, sets = drawn
    removed = torch.tensor([[float(place in gone) for place in range(1, 6)] for gone in sets.removed])
    weights, scores = torch.tensor(TRUE), [random.Random(1).gauss(0, 1) for _ in WORDS]

    def perturb(inputs: Tensor) -> tuple[Tensor, Tensor]:
        return removed, inputs - removed  # the inputs are ones: what is taken away, and what is left

    expected = infidelity(
        lambda inputs: inputs @ weights,
        perturb,
        torch.ones(1, 5),
        torch.tensor([scores]),
        n_perturb_samples=len(removed),
    )
    assert value(text, sets, scores) == pytest.approx(float(expected), abs=1e-5)


def test_it_is_what_is_worked_out_by_hand(drawn: tuple[Encoded, Sets]) -> None:
    text, _ = drawn
    # Two sets: without "great" (2) the logit falls from 0.25 to −1.75, where 1.5 was said; without "dull" and "awful"
    # (−1 and −2) it rises to 3.25, where a rise of 2 was said: ((1.5 − 2)² + (−2 + 3)²) / 2.
    sets = Sets((0.0, 0.25), ((1,), (2, 5)), ((0.0, -1.75), (0.0, 3.25)))
    assert value(text, sets, [1.5, -0.5, 9.0, 9.0, -1.5]) == pytest.approx((0.25 + 1.0) / 2)


def test_the_perfect_a_random_and_the_reversed_explanation(drawn: tuple[Encoded, Sets]) -> None:
    text, sets = drawn
    shuffled = [value(text, sets, random.Random(seed).sample(TRUE, 5)) for seed in range(20)]
    perfect, reversed_ = value(text, sets, TRUE), value(text, sets, [-weight for weight in TRUE])
    assert perfect == pytest.approx(0.0, abs=1e-9)
    assert perfect < sum(shuffled) / 20 < reversed_


def test_sets_are_the_same_for_every_model_and_of_every_size(bag: BagOfWords, classifier: Classifier) -> None:
    texts = encode(classifier.tokenizer, [" ".join(WORDS), "great", "film " * 20], 64)
    one, other = (removed_sets(Answers(classifier, REMOVALS[name]), texts, seed=3) for name in ("mask", "hide"))
    assert [sets.removed for sets in one] == [sets.removed for sets in other]
    assert {len(gone) for gone in one[0].removed} == {1, 2, 3, 4, 5}
    assert set(one[1].removed) == {(1,)}
    assert all(
        0 not in gone and len(text) - 1 not in gone
        for text, sets in zip(texts, one, strict=True)
        for gone in sets.removed
    )
    again = removed_sets(Answers(classifier, REMOVALS["mask"]), texts, seed=4)
    assert again[2].removed != one[2].removed
