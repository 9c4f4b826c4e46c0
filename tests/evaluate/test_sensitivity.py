"""Max-sensitivity against captum's own function, and what is moved: the text's words, and nothing else."""

from __future__ import annotations

import math
import random

import pytest
import torch
from captum.metrics import sensitivity_max
from tiny_pair import save_pair
from torch import Tensor

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.explainer import Explainer, make_explainer
from bcos_core.evaluate.plan import MOVES, RADIUS
from bcos_core.evaluate.sensitivity import max_sensitivity, moved_words, sensitivities
from bcos_core.home import Home
from bcos_core.model.classifier import Classifier, load
from bcos_core.text.encoding import encode

TEXTS = ["a great film", "dull and awful but good"]


@pytest.fixture
def models(home: Home) -> tuple[Classifier, Classifier]:
    one, other = save_pair(home.create())
    return load(one), load(other)


def explainer(classifier: Classifier, method: str) -> Explainer:
    return make_explainer(classifier, METHODS[method], reference="mask", options={}, seed=0)


def measured(one: Explainer) -> list[float]:
    records = one(TEXTS)
    texts = encode(one.classifier.tokenizer, TEXTS, one.classifier.max_length)
    found = sensitivities(one, texts, [r.scores for r in records], [r.target.index for r in records])
    assert all(value is not None for value in found)
    return [value for value in found if value is not None]


def test_the_number_is_captums() -> None:
    drawn = random.Random(0)
    scores = [drawn.gauss(0, 1) for _ in range(6)]
    moved = [[score + drawn.uniform(-0.1, 0.1) for score in scores] for _ in range(5)]
    answers = iter([torch.tensor([scores], dtype=torch.float64), torch.tensor(moved, dtype=torch.float64)])

    def explain(_: Tensor | tuple[Tensor, ...]) -> tuple[Tensor]:
        return (next(answers),)

    expected = sensitivity_max(explain, torch.zeros(1, 6, dtype=torch.float64), lambda x: x, n_perturb_samples=5)
    assert max_sensitivity(scores, moved) == pytest.approx(float(expected))
    # Turned round, a heatmap is as steady as it was: this score says nothing of right and wrong.
    turned = [[-value for value in row] for row in (scores, *moved)]
    assert max_sensitivity(turned[0], turned[1:]) == pytest.approx(float(expected))


def test_by_hand() -> None:
    assert max_sensitivity([3.0, 4.0], [[3.0, 4.5], [0.0, 0.0]]) == pytest.approx(1.0)
    assert max_sensitivity([3.0, 4.0], [[3.0, 4.5]]) == pytest.approx(0.1)
    assert max_sensitivity([0.0, 0.0], [[0.0, 0.25]]) == pytest.approx(0.25)  # nothing to be relative to


def test_only_the_words_of_the_text_move_and_the_model_stays_as_it_is(models: tuple[Classifier, Classifier]) -> None:
    for classifier in models:
        own = classifier.model.get_input_embeddings().weight
        before = own.detach().clone()
        moved = moved_words(classifier, {2000, 2001}, seed=0, draw=0).model.get_input_embeddings().weight
        assert torch.equal(own, before)
        gap = (moved - before).detach().abs()
        rows = gap.sum(1).nonzero().flatten().tolist()
        assert rows == [2000, 2001]
        reach = RADIUS * math.sqrt(float(before.square().mean()))
        assert 0.9 * reach < float(gap.max()) <= reach * (1 + 1e-5)
        alone = moved_words(classifier, {2001}, seed=0, draw=0).model.get_input_embeddings().weight
        assert torch.equal(alone[2001], moved[2001])
        others = moved_words(classifier, {2001}, seed=0, draw=1), moved_words(classifier, {2001}, seed=1, draw=0)
        for other in others:
            assert not torch.equal(other.model.get_input_embeddings().weight[2001], moved[2001])


@pytest.mark.parametrize("method", ["bcos", "input_x_gradient", "occlusion"])
def test_it_is_the_largest_change_of_the_methods_own_scores(method: str, models: tuple[Classifier, Classifier]) -> None:
    one = explainer(models[0], method)
    found = measured(one)
    (text,) = encode(one.classifier.tokenizer, TEXTS[1:], one.classifier.max_length)
    record = one(TEXTS[1:])[0]
    changes = []
    for draw in range(MOVES):
        shaken = explainer(moved_words(one.classifier, set(text.ids[1:-1]), seed=0, draw=draw), method)
        other = shaken([TEXTS[1]], target=record.target.index)[0]
        changes.append(math.dist(record.scores, other.scores) / math.hypot(*record.scores))
    assert found[1] == pytest.approx(max(changes), rel=1e-4)
    assert min(found) > 0


def test_scores_that_ignore_the_text_do_not_move(models: tuple[Classifier, Classifier]) -> None:
    assert measured(explainer(models[1], "random")) == [0.0, 0.0]
