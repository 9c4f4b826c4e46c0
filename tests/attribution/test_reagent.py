"""ReAGent: against the paper's algorithm in its plainest form, a known answer, its stopping rule, seeds and cost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from bcos_core import explain
from bcos_core.attribution.reagent import LIKELY
from bcos_core.attribution.seeds import seed_of
from bcos_core.errors import InputError
from bcos_core.model import passes
from bcos_core.model.classifier import Classifier
from bcos_core.model.language_model import LanguageModel, wrap
from bcos_core.text.encoding import Encoded
from bcos_core.text.prompt import encode_prompt
from tests.tiny_language_model import LIMIT, language_model, network, tokenizer

PROMPT = "The keys to the old cabinet are on"
SMALL: dict[str, Any] = {"chains": 3, "steps": 9}


def first_of(word: str) -> int:
    return int(tokenizer()(word, add_special_tokens=False)["input_ids"][0])


class Naive:
    """Algorithm 1, one chain after the other, one step after the other, each text by itself through transformers' own
    model. The random numbers are those of the method, in its order."""

    def __init__(self, model: Any, ids: Sequence[int], places: Sequence[int], target: int, minus: int | None) -> None:
        self.model, self.ids, self.places, self.target, self.minus = model, list(ids), list(places), target, minus
        self.passes = 0
        special = set(tokenizer().all_special_ids)
        self.candidates: list[tuple[list[int], np.ndarray]] = []
        for place in places:
            fitting = [one for one in range(len(tokenizer())) if one not in special | {ids[place]}]
            weights = np.ones(len(fitting))
            if place > 0:
                logits = self.logits(ids[:place])[fitting]
                best = np.argsort(-logits, kind="stable")[:LIKELY]
                fitting, weights = [fitting[one] for one in best], np.exp(logits[best] - logits.max())
            self.candidates.append((fitting, np.cumsum(weights) / weights.sum()))
        self.passes = 0

    def logits(self, ids: Sequence[int]) -> np.ndarray:
        self.passes += 1
        with torch.no_grad():
            return self.model(input_ids=torch.tensor([list(ids)])).logits[0, -1].double().numpy()

    def probability(self, logits: np.ndarray) -> float:
        exponentials = np.exp(logits - logits.max())
        if self.minus is not None:
            return float(exponentials[self.target] / (exponentials[self.target] + exponentials[self.minus]))
        return float(exponentials[self.target] / exponentials.sum())

    def replaced(self, chosen: Sequence[bool], drawn: np.ndarray) -> list[int]:
        ids = list(self.ids)
        for place, yes, number, (tokens, cumulated) in zip(self.places, chosen, drawn, self.candidates, strict=True):
            if yes:
                ids[place] = tokens[min(int((cumulated <= number).sum()), len(tokens) - 1)]
        return ids

    def scores(self, *, seed: int, chains: int, steps: int, replaced: float, kept: float, top: int) -> np.ndarray:
        n = len(self.places)
        generator = torch.Generator().manual_seed(seed_of(seed, self.ids))
        begin = torch.rand(chains, n, generator=generator, dtype=torch.float64).numpy()
        which, by, at_rest = torch.rand(3, steps, chains, n, generator=generator, dtype=torch.float64).numpy()
        before = self.probability(self.logits(self.ids))
        found, stopped = [], []
        for chain in range(chains):
            importance = begin[chain].copy()
            stop = False
            for step in range(steps):
                chosen = which[step, chain] < replaced
                fall = before - self.probability(self.logits(self.replaced(chosen, by[step, chain])))
                for i in range(n):
                    delta = fall if chosen[i] else -fall
                    importance[i] += math.log((0.5 + 0.5 * delta) / (0.5 - 0.5 * delta))
                largest = np.argsort(-importance)[: math.ceil(kept * n)]
                unimportant = [i not in largest for i in range(n)]
                logits = self.logits(self.replaced(unimportant, at_rest[step, chain]))
                if self.target in np.argsort(-logits)[:top]:
                    stop = True
                    break
            found.append(np.exp(importance - importance.max()) / np.exp(importance - importance.max()).sum())
            stopped.append(stop)
        counted = [one for one, stop in zip(found, stopped, strict=True) if stop] or found
        self.stopped = stopped
        return np.mean(counted, axis=0)


CASES = [
    ({"target": " Mary"}, {}),
    ({"target": " Mary", "minus": " John"}, {}),
    ({"target": " Mary"}, {"top": 40, "replaced": 0.6, "kept": 0.5}),
    ({"target": " Mary", "minus": " John"}, {"top": 60, "kept": 0.95}),
    ({}, {"steps": 20}),
]


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize(("question", "options"), CASES)
def test_scores_are_those_of_the_papers_algorithm(kind: str, question: Any, options: Any) -> None:
    options = SMALL | options
    record = explain(language_model(kind), PROMPT, method="reagent", seed=3, **question, **options)
    assert record.prompt is not None
    places = [place for place, token in enumerate(record.tokens) if not token.added]
    target = record.target
    naive = Naive(network(kind), record.prompt.ids, places, target.index, target.minus)
    settings = {"replaced": 0.3, "kept": 0.3, "top": 3} | options
    expected = naive.scores(seed=3, **settings)
    np.testing.assert_allclose([record.scores[place] for place in places], expected, atol=1e-5)
    assert sum(record.scores) == pytest.approx(1.0)
    assert record.scores[0] == 0  # what opens every text
    # Steps that were made together with one that stopped their chain are wasted, never more than twice the steps.
    assert naive.passes <= record.cost.forward <= 2 * naive.passes + 2 * settings["chains"]
    if not any(naive.stopped):
        assert record.cost.forward == naive.passes == 1 + 2 * settings["chains"] * settings["steps"]


def test_the_cases_stop_and_go_on() -> None:
    """That what is compared above is not one branch alone."""
    seen = set()
    for question, options in CASES:
        record = explain(language_model(), PROMPT, method="reagent", seed=3, **question, **(SMALL | options))
        steps = (SMALL | options)["steps"]
        seen.add(record.cost.forward == 1 + 2 * SMALL["chains"] * steps)
    assert seen == {True, False}


def last_word_decides() -> LanguageModel:
    """A model without attention, to which only " on", as the last token, speaks for " Mary"; " store" is always the
    likeliest, so that no chain stops."""
    model = network()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.fill_(float("norm" in name))
        words = model.get_input_embeddings().weight
        words[:, 1] = 1.0
        words[first_of(" on"), :2] = torch.tensor([1.0, 0.0])
        model.lm_head.weight[first_of(" Mary"), 0] = 1.0
        model.lm_head.weight[first_of(" store"), :2] = 2.0
    return wrap(model, tokenizer(), name="last word decides")


def test_the_one_token_that_decides_is_found() -> None:
    model = last_word_decides()
    record = explain(model, PROMPT, method="reagent", target=" Mary", minus=" John", steps=40, top=1)
    assert record.cost.forward == 1 + 2 * 5 * 40
    # Where it is replaced (in 12 of 40 steps), p falls from σ(4), 4 being 1 over the root mean square, to ½: it gains
    # logit(½ + (σ(4) − ½) / 2) = 1.05. Any other token gains that in 30 % of these steps, and loses it in the others.
    assert record.scores[-1] > 0.99


def test_how_much_goes_through_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    model = language_model()
    wide = explain(model, PROMPT, method="reagent", target=" Mary", top=40, **SMALL)
    monkeypatch.setitem(passes.TOKENS, "cpu", 1)
    narrow = explain(model, PROMPT, method="reagent", target=" Mary", top=40, **SMALL)
    assert narrow.scores == pytest.approx(wide.scores, abs=1e-6)
    assert narrow.cost.forward <= wide.cost.forward


def test_a_seed_repeats_another_differs_and_a_batch_changes_nothing() -> None:
    model = language_model()
    texts = [PROMPT, "Mary", "Then Mary and John went to the store."]
    first = explain(model, texts, method="reagent", seed=1, target=" John", **SMALL)
    state = torch.random.get_rng_state()
    again = [explain(model, text, method="reagent", seed=1, target=" John", **SMALL) for text in texts]
    for one, other in zip(first, again, strict=True):
        assert other.scores == pytest.approx(one.scores, abs=1e-6)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert explain(model, PROMPT, method="reagent", seed=2, target=" John", **SMALL).scores != first[0].scores
    assert first[0].seeds == (1,)


def test_what_a_template_added_is_not_replaced() -> None:
    chat = explain(language_model(), [{"role": "user", "content": "The keys"}], method="reagent", **SMALL)
    assert all((score > 0) != token.added for token, score in zip(chat.tokens, chat.scores, strict=True))


def test_the_first_token_of_a_prompt_that_nothing_opens_becomes_any_other() -> None:
    opened = encode_prompt(tokenizer(), PROMPT, LIMIT)
    prompt = Encoded(opened.text, opened.ids[1:], opened.tokens[1:], None)
    record = explain(language_model(), prompt, method="reagent", seed=5, target=" Mary", minus=" John", **SMALL)
    naive = Naive(network(), prompt.ids, range(len(prompt.ids)), record.target.index, record.target.minus)
    assert len(naive.candidates[0][0]) == len(tokenizer()) - 1 - len(set(tokenizer().all_special_ids))
    np.testing.assert_allclose(record.scores, naive.scores(seed=5, replaced=0.3, kept=0.3, top=3, **SMALL), atol=1e-5)


def test_a_certain_answer_gives_finite_scores() -> None:
    model = last_word_decides()
    with torch.no_grad():
        model.model.lm_head.weight.mul_(1e6)  # type: ignore[operator]
    record = explain(model, PROMPT, method="reagent", target=" Mary", steps=5, kept=0.05)
    assert not record.failed and sum(record.scores) == pytest.approx(1.0)


def test_classifiers_are_refused_and_options_have_bounds(pair: dict[str, Classifier]) -> None:
    with pytest.raises(
        InputError, match=r"ReAGent cannot explain small\. .* defined for next token\. Methods for it: "
    ):
        explain(pair["conventional"], "A charming film.", method="reagent")
    for option, value in (("replaced", 0), ("kept", 1), ("chains", 0), ("steps", 1.5)):
        with pytest.raises(InputError, match=option):
            explain(language_model(), PROMPT, method="reagent", **{option: value})
