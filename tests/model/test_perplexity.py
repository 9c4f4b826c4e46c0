"""Perplexity by hand, and against the loss that transformers computes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from bcos_core.errors import InputError, NotFiniteError
from bcos_core.model.convert import convert, set_b
from bcos_core.model.perplexity import Perplexity, perplexity, ratio
from bcos_core.text.sequences import packed, whole_texts
from tests.tiny_language_model import LINES, network, tokenizer

TEXTS = [*LINES[:3], "The store", "Mary"]


def by_hand(model: Any, sequences: list[tuple[int, ...]]) -> list[float]:
    """− Σ log softmax, in NumPy, each sequence alone; logits by transformers' own forward pass."""
    found = []
    for ids in sequences:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([ids])).logits[0].double().numpy()
        shifted = logits - logits.max(-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
        found.append(-sum(log_p[place, token] for place, token in enumerate(ids[1:])))
    return found


@pytest.mark.parametrize("kind", ["llama", "gpt2"])
@pytest.mark.parametrize("batch_tokens", [1, 64, 4096])
def test_it_is_the_mean_over_predicted_tokens(kind: str, batch_tokens: int) -> None:
    sequences = whole_texts(tokenizer(), TEXTS, 40)
    found = perplexity(network(kind), sequences, batch_tokens=batch_tokens)
    expected = by_hand(network(kind), sequences)
    assert found.losses == pytest.approx(expected, rel=1e-5)
    assert found.tokens == tuple(len(ids) - 1 for ids in sequences)
    assert found.value == pytest.approx(math.exp(sum(expected) / sum(len(ids) - 1 for ids in sequences)), rel=1e-5)


def test_packed_it_is_the_exponential_of_transformers_own_loss() -> None:
    blocks = packed(tokenizer(), TEXTS, 8)
    ids = torch.tensor(blocks)
    with torch.no_grad():
        loss = network()(input_ids=ids, labels=ids).loss.item()
    assert perplexity(network(), blocks).value == pytest.approx(math.exp(loss), rel=1e-5)


def test_a_converted_model_is_measured_at_the_b_that_is_asked_and_stays_as_it_is() -> None:
    sequences = whole_texts(tokenizer(), TEXTS, 40)
    converted = convert(network(), b=1.4)
    converted.train()
    plain = perplexity(network(), sequences)
    assert perplexity(converted, sequences, b=1.0).losses == pytest.approx(plain.losses, rel=1e-5)
    at_its_own = perplexity(converted, sequences)
    assert converted.training and converted.config.bcos["b"] == 1.4
    assert at_its_own.losses != pytest.approx(plain.losses, rel=1e-3)
    set_b(converted, 1.0)
    assert perplexity(converted, sequences).losses == pytest.approx(plain.losses, rel=1e-5)


def test_scaled_logits_are_scaled() -> None:
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    config = AutoConfig.for_model(
        "granite",
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=24,
        vocab_size=len(tokenizer()),
        logits_scaling=3.0,
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    sequences = whole_texts(tokenizer(), TEXTS, 40)
    assert perplexity(model, sequences).losses == pytest.approx(by_hand(model, sequences), rel=1e-4)


def test_a_ratio_counts_tokens_and_pairs_sequences() -> None:
    first, second = Perplexity((2.0, 9.0), (1, 3)), Perplexity((1.0, 7.0), (1, 3))
    found = ratio(first, second)
    assert found.value == pytest.approx(math.exp((11 - 8) / 4)) == pytest.approx(first.value / second.value)
    # Of two sequences three means are drawn: both the first, both the second, one of each.
    assert found.low == pytest.approx(math.exp(2 / 3)) and found.high == pytest.approx(math.exp(1.0))
    assert first.interval == pytest.approx((math.exp(2.0), math.exp(3.0)))
    assert math.isnan(Perplexity((2.0,), (3,)).interval[0])
    same = ratio(first, first)
    assert (same.value, same.low, same.high) == (1.0, 1.0, 1.0)
    with pytest.raises(InputError, match="other sequences"):
        ratio(first, Perplexity((1.0, 7.0), (1, 4)))


def test_what_cannot_be_measured_is_refused() -> None:
    with pytest.raises(InputError, match="two tokens and more"):
        perplexity(network(), [])
    with pytest.raises(InputError, match="two tokens and more"):
        perplexity(network(), [(1, 2), (3,)])
    with pytest.raises(InputError, match="no head that gives the next token"):
        perplexity(network().model, [(1, 2)])  # type: ignore[operator]
    damaged = network()
    with torch.no_grad():
        damaged.lm_head.weight[3] = torch.nan  # type: ignore[union-attr,index,operator]
    with pytest.raises(NotFiniteError, match="no probability that is a number"):
        perplexity(damaged, [(1, 2, 3)])
    assert Perplexity((2000.0,), (1,)).value == math.inf


def test_what_no_number_can_hold_is_infinite() -> None:
    low, high = Perplexity((1.0, 2.0), (1, 2)), Perplexity((800.0, 1600.0), (1, 2))
    assert ratio(high, low).value == math.inf and ratio(low, high).value == 0.0
    assert high.interval == (math.inf, math.inf) and math.isfinite(low.interval[1])
