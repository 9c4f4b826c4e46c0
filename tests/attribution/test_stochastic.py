"""Methods that draw at random: parity with captum called plainly, known answers, and the same seed, same scores."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from captum._utils.models.linear_model import SkLearnRidge
from captum.attr import GradientShap, InputXGradient, KernelShap, Lime, NoiseTunnel, ShapleyValueSampling
from torch import Tensor

from bcos_core import explain
from bcos_core.attribution.aggregation import sentence_scores, word_scores
from bcos_core.attribution.registry import METHODS
from bcos_core.attribution.seeds import OwnDraws, seed_of
from bcos_core.attribution.surrogate import _lime_similarity, _lime_subsets
from bcos_core.model.classifier import Classifier

TEXT = "A charming film."
STOCHASTIC = [m.name for m in METHODS.values() if m.stochastic and not m.unsupported(is_bcos=True)]
both = pytest.mark.parametrize("kind", ["bcos", "conventional"])


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The process's global generators, as whoever calls captum plainly sets them."""
    with torch.random.fork_rng():
        before = np.random.get_state()
        torch.manual_seed(seed)
        np.random.seed(seed)
        yield
        np.random.set_state(before)


class Plain:
    """The model as a person would hand it to captum: a function of ids, one of embeddings, and the baseline."""

    def __init__(self, classifier: Classifier, text: str, target: int) -> None:
        self.classifier, self.target = classifier, target
        self.ids = classifier.tokenizer(text, return_tensors="pt").input_ids
        self.baseline = self.ids.clone()
        self.baseline[0, 1:-1] = classifier.tokenizer.mask_token_id
        self.features = torch.zeros_like(self.ids)
        self.features[0, 1:-1] = torch.arange(self.ids.shape[1] - 2)
        self.embedding = classifier.model.bert.embeddings

    def embed(self, ids: Tensor) -> Tensor:
        return self.embedding(ids).detach()

    def of_ids(self, ids: Tensor) -> Tensor:
        with torch.no_grad():
            return self.classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, self.target]

    def of_embeddings(self, given: Tensor) -> Tensor:
        hook = self.embedding.register_forward_hook(lambda *_: given)
        try:
            ids = torch.zeros(given.shape[:2], dtype=torch.long)
            return self.classifier.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits[:, self.target]
        finally:
            hook.remove()


def smoothgrad(plain: Plain) -> Tensor:
    embeddings = plain.embed(plain.ids)
    return (
        NoiseTunnel(InputXGradient(plain.of_embeddings))
        .attribute(
            embeddings.requires_grad_(),
            nt_samples=7,
            stdevs=0.15 * float(embeddings.detach().max() - embeddings.detach().min()),
        )
        .sum(-1)
    )


def gradient_shap(plain: Plain) -> Tensor:
    return (
        GradientShap(plain.of_embeddings)
        .attribute(plain.embed(plain.ids), plain.embed(plain.baseline), n_samples=7)
        .sum(-1)
    )


def shapley(plain: Plain) -> Tensor:
    return ShapleyValueSampling(plain.of_ids).attribute(
        plain.ids, plain.baseline, feature_mask=plain.features, n_samples=7
    )


def kernel_shap(plain: Plain) -> Tensor:
    return KernelShap(plain.of_ids).attribute(plain.ids, plain.baseline, feature_mask=plain.features, n_samples=7)


def lime(plain: Plain) -> Tensor:
    return Lime(
        plain.of_ids,
        interpretable_model=SkLearnRidge(alpha=1.0),
        similarity_func=_lime_similarity,
        perturb_func=_lime_subsets,
    ).attribute(plain.ids, baselines=plain.baseline, feature_mask=plain.features, n_samples=7)


@both
@pytest.mark.parametrize("reference", [smoothgrad, gradient_shap, shapley, kernel_shap, lime])
def test_scores_are_captums(reference: Callable[[Plain], Tensor], kind: str, pair: dict[str, Classifier]) -> None:
    plain = Plain(pair[kind], TEXT, target=2)
    with seeded(seed_of(3, plain.ids[0].tolist())):
        expected = reference(plain)[0]
    record = explain(pair[kind], TEXT, method=reference.__name__, target=2, seed=3, samples=7)
    ordinary = [position for position, token in enumerate(record.tokens) if not token.added]
    assert [record.scores[i] for i in ordinary] == pytest.approx(expected[ordinary].tolist(), abs=1e-4)


def gains_by_order(plain: Plain) -> np.ndarray:
    """What each token adds in each of all orders, (orders, tokens)."""
    places = list(range(1, plain.ids.shape[1] - 1))
    orders = list(itertools.permutations(places))
    gains = np.zeros((len(orders), len(places)))
    for row, order in enumerate(orders):
        ids = plain.baseline.clone()
        before = plain.of_ids(ids).item()
        for place in order:
            ids[0, place] = plain.ids[0, place]
            after = plain.of_ids(ids).item()
            gains[row, place - 1] = after - before
            before = after
    return gains


@both
def test_shapley_values_are_the_mean_over_all_orders(kind: str, pair: dict[str, Classifier]) -> None:
    gains = gains_by_order(Plain(pair[kind], TEXT, target=1))
    samples = 400
    record = explain(pair[kind], TEXT, method="shapley", target=1, samples=samples)
    errors = np.abs(np.array(record.scores[1:-1]) - gains.mean(0))
    assert (errors < 4 * gains.std(0) / np.sqrt(samples) + 1e-4).all()
    assert record.completeness_error < 1e-4


def change_in(plain: Plain, half: frozenset[int], place: int) -> float:
    """What a token changes where of all others those of `half` are there."""

    def value(there: frozenset[int]) -> float:
        ids = plain.baseline.clone()
        ids[0, list(there)] = plain.ids[0, list(there)]
        return plain.of_ids(ids).item()

    return value(half | {place}) - value(half - {place})


@both
def test_banzhaf_values_of_two_tokens_are_the_mean_over_all_coalitions(kind: str, pair: dict[str, Classifier]) -> None:
    text = "charming film"
    plain = Plain(pair[kind], text, target=1)
    (record,) = explain(pair[kind], [text], method="banzhaf", target=1)
    expected = [(change_in(plain, frozenset(), p) + change_in(plain, frozenset({3 - p}), p)) / 2 for p in (1, 2)]
    assert record.scores == pytest.approx([0.0, *expected, 0.0], abs=1e-5)
    assert (record.cost.forward, record.cost.backward) == (3 + 2 * 2, 0)


@both
def test_banzhaf_values_are_the_mean_over_halves_and_their_complements(kind: str, pair: dict[str, Classifier]) -> None:
    text = "a charming film, not dull"
    plain = Plain(pair[kind], text, target=1)
    places = range(1, plain.ids.shape[1] - 1)
    halves = list(map(frozenset, itertools.combinations(places, len(places) // 2)))
    changes = np.array(
        [
            [(change_in(plain, half, p) + change_in(plain, frozenset(places) - half, p)) / 2 for p in places]
            for half in halves
        ]
    )
    samples = 200
    record = explain(pair[kind], text, method="banzhaf", target=1, samples=samples)
    errors = np.abs(np.array(record.scores[1:-1]) - changes.mean(0))
    assert (errors < 4 * changes.std(0) / np.sqrt(samples) + 1e-4).all()


def test_banzhaf_values_of_words_are_divided_among_their_tokens(pair: dict[str, Classifier]) -> None:
    text = "uncharming film"  # two words, the first of several tokens
    record = explain(pair["bcos"], text, method="banzhaf", target=1, unit="word")
    first = [p for p, token in enumerate(record.tokens) if not token.added and (token.end or 0) <= len("uncharming")]
    assert len(first) > 1
    plain = Plain(pair["bcos"], text, target=1)
    (last,) = {*range(1, len(record.tokens) - 1)} - {*first}
    ids = [plain.baseline.clone() for _ in range(2)]
    ids[1][0, last] = plain.ids[0, last]  # [0]: nothing is there; [1]: the second word alone
    with_first = [one.clone() for one in ids]
    for one in with_first:
        one[0, first] = plain.ids[0, first]
    change = np.mean([plain.of_ids(a).item() - plain.of_ids(b).item() for a, b in zip(with_first, ids, strict=True)])
    assert [record.scores[p] for p in first] == pytest.approx([change / len(first)] * len(first), abs=1e-5)


@both
def test_kernel_shap_reaches_the_same_values(kind: str, pair: dict[str, Classifier]) -> None:
    text = "charming film"  # all subsets of two tokens are soon seen
    expected = gains_by_order(Plain(pair[kind], text, target=1)).mean(0)
    record = explain(pair[kind], text, method="kernel_shap", target=1, samples=4000)
    assert record.scores[1:-1] == pytest.approx(expected.tolist(), abs=0.05 * np.abs(expected).max())
    assert record.completeness_error < 1e-3


def test_lime_is_a_weighted_ridge_regression(pair: dict[str, Classifier]) -> None:
    plain = Plain(pair["conventional"], TEXT, target=0)
    record = explain(plain.classifier, TEXT, method="lime", target=0, samples=40)
    count = plain.ids.shape[1] - 2
    with seeded(seed_of(0, plain.ids[0].tolist())):
        subsets = torch.cat(
            [s for s, _ in zip(_lime_subsets(plain.ids, num_interp_features=count), range(40), strict=False)]
        )
    values, weights = [], []
    for subset in subsets:
        ids = plain.ids.clone()
        ids[0, 1:-1] = torch.where(subset.bool(), plain.ids[0, 1:-1], plain.baseline[0, 1:-1])
        values.append(plain.of_ids(ids).item())
        distance = 1 - np.sqrt(subset.sum().item() / count)
        weights.append(np.sqrt(np.exp(-(distance**2) / 0.25**2)))
    # Weighted ridge by its normal equations, the intercept not penalised.
    x = np.c_[np.ones(40), subsets.numpy()]
    penalty = np.diag([0.0, *[1.0] * count])
    gram = x.T @ (np.array(weights)[:, None] * x) + penalty
    solution = np.linalg.solve(gram, x.T @ (np.array(weights) * np.array(values)))
    assert record.scores[1:-1] == pytest.approx(solution[1:].tolist(), abs=1e-3)


@pytest.mark.parametrize("method", STOCHASTIC)
def test_a_seed_repeats_and_another_differs(method: str, pair: dict[str, Classifier]) -> None:
    options = {"samples": 5} if "samples" in METHODS[method].options else {}
    texts = [TEXT, "It is far too long."]
    first = explain(pair["bcos"], texts, method=method, seed=1, **options)
    state = torch.random.get_rng_state(), np.random.get_state()[1].tolist()
    again = explain(pair["bcos"], texts, method=method, seed=1, **options)
    assert [record.scores for record in again] == [record.scores for record in first]
    assert explain(pair["bcos"], texts[0], method=method, seed=2, **options).scores != first[0].scores
    assert first[0].seeds == (1,)
    # The process's own generators go on as if nothing had been drawn.
    assert torch.equal(torch.random.get_rng_state(), state[0])
    assert np.random.get_state()[1].tolist() == state[1]


@pytest.mark.parametrize("method", STOCHASTIC)
def test_threads_do_not_mix_their_draws(method: str, pair: dict[str, Classifier]) -> None:
    options = {"samples": 3} if "samples" in METHODS[method].options else {}

    def ask(seed: int) -> tuple[float, ...]:
        return explain(pair["bcos"], TEXT, method=method, seed=seed, **options).scores

    alone = [ask(seed) for seed in range(6)]
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))) == alone


def test_draws_are_those_of_a_global_seed_and_leave_it_alone() -> None:
    def drawn() -> list[Tensor]:
        weights = torch.tensor([0.2, 0.5, 0.3])
        return [
            *(torch.rand(3), torch.randn(2, 2), torch.randint(0, 9, (5,)), torch.randperm(7)),
            *(torch.normal(0, weights), torch.bernoulli(weights), torch.multinomial(weights, 4, replacement=True)),
            torch.distributions.Categorical(probs=weights).sample((3,)),
        ]

    with seeded(11):
        expected = drawn()
    before = torch.get_rng_state()
    with OwnDraws(11):
        found = drawn()
    assert all(map(torch.equal, found, expected)) and torch.equal(torch.get_rng_state(), before)


def test_threads_draw_side_by_side_and_do_not_wait_for_each_other() -> None:
    """Each is inside until the other is: a lock for the process would never let them meet."""
    both = threading.Barrier(2)

    def draw(seed: int) -> Tensor:
        with OwnDraws(seed):
            both.wait(timeout=20)
            first = torch.rand(2)
            both.wait(timeout=20)
            return torch.cat([first, torch.rand(2)])

    with ThreadPoolExecutor(2) as pool:
        side_by_side = list(pool.map(draw, (1, 2)))
    for seed, found in zip((1, 2), side_by_side, strict=True):
        assert torch.equal(found, torch.rand(4, generator=torch.Generator().manual_seed(seed)))


def test_the_spread_is_the_standard_deviation_over_seeds(pair: dict[str, Classifier]) -> None:
    single = [explain(pair["bcos"], TEXT, method="shapley", seed=seed, samples=2) for seed in (4, 5, 6)]
    record = explain(pair["bcos"], TEXT, method="shapley", seed=4, repeats=3, samples=2)
    scores = np.array([one.scores for one in single])
    assert record.scores == pytest.approx(scores.mean(0).tolist())
    assert record.spread == pytest.approx(scores.std(0, ddof=1).tolist())
    assert record.seeds == (4, 5, 6) and record.seed_scores == tuple(one.scores for one in single)
    assert record.cost.forward == pytest.approx(sum(one.cost.forward for one in single))
    # A method that draws nothing has no seeds, and no spread.
    certain = explain(pair["bcos"], TEXT, seed=4, repeats=3)
    assert certain.seeds == () and certain.spread is None and certain.cost.forward == 1
    assert explain(pair["bcos"], TEXT, method="shapley", samples=2).spread is None  # one seed does not vary


def test_a_word_s_spread_is_that_of_its_tokens_sum_under_each_seed(pair: dict[str, Classifier]) -> None:
    text = "Unwatchable schmaltz. Skip it."
    by_seed = [explain(pair["bcos"], text, method="shapley", seed=seed, samples=2) for seed in range(5)]
    record = explain(pair["bcos"], text, method="shapley", repeats=5, samples=2)
    for view in (word_scores, sentence_scores):
        sums = np.array([[span.score for span in view(one)] for one in by_seed])
        assert [span.score for span in view(record)] == pytest.approx(sums.mean(0).tolist(), abs=1e-9)
        assert [span.spread for span in view(record)] == pytest.approx(sums.std(0, ddof=1).tolist(), abs=1e-9)
    assert record.tokens[1].end < len("Unwatchable")  # its tokens' own deviations would have been another number
    assert [span.spread for span in word_scores(by_seed[0])] == [None] * 6


def test_one_token_is_the_whole_answer(pair: dict[str, Classifier]) -> None:
    plain = Plain(pair["conventional"], "dull", target=0)
    whole = (plain.of_ids(plain.ids) - plain.of_ids(plain.baseline)).item()
    for method in ("shapley", "kernel_shap", "occlusion"):
        record = explain(pair["conventional"], "dull", method=method, target=0)
        assert record.scores == pytest.approx([0.0, whole, 0.0], abs=1e-4)
