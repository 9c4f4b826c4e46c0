"""AttnLRP against the authors' package, and against relevances that are handed back by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tiny_families import TINY, ids_of, padded, tiny_model
from torch import Tensor
from transformers import AutoConfig, PreTrainedModel

from bcos_core.errors import UnsupportedModelError
from bcos_core.model.anatomy import family_of
from bcos_core.model.attention import recorded_attention
from bcos_core.model.attnlrp import apply_attnlrp, uniform_rule
from bcos_core.model.auto import AutoModelForSequenceClassification
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView

IDS = [5, 9, 13, 22, 31, 40, 57]
SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 64,
}
SETTINGS: dict[str, dict[str, Any]] = {
    "bert": SIZES,
    "llama": SIZES | {"num_key_value_heads": 2},
    "qwen3": SIZES | {"num_key_value_heads": 2, "head_dim": 8},
    "gpt2": {"n_embd": 16, "n_layer": 2, "n_head": 4, "n_positions": 64},
}
# Relevance of E for the class 1, by lxt 2.1 (`lxt.efficient.monkey_patch`) with transformers 4.51.3, in float64.
OF_LXT = {
    "bert": [0.0765139, 0.0597776, 0.0805403, 0.0606375, 0.044465, 0.0332691, 0.0293975],
    "llama": [0.1608609, -0.0296982, -0.1340802, -0.1482372, -0.1689469, -0.1718834, -0.1956732],
    "qwen3": [-0.1968929, 0.0196258, 0.061605, 0.1936927, 0.0778285, -0.0604165, 0.1441795],
    "gpt2": [0.0601643, 0.2738638, -0.0438587, -0.0459998, -0.0126272, -0.0025581, -0.0477878],
}


def waves(model: PreTrainedModel) -> PreTrainedModel:
    """Weights that every version of every library makes alike."""
    with torch.no_grad():
        for number, (name, parameter) in enumerate(model.named_parameters()):
            places = torch.arange(parameter.numel(), dtype=torch.float64)
            wave = torch.sin(places * (1.7 + 0.3 * number) + number).view_as(parameter)
            if name.endswith("bias"):
                parameter.copy_(0.3 * wave)
            elif parameter.dim() == 1:
                parameter.copy_(1 + 0.2 * wave)
            else:
                parameter.copy_(wave * (1.0 if any(part in name for part in ("emb", "wte", "wpe")) else 0.4))
    return model.double().eval()


def relevance(model: PreTrainedModel, ids: Tensor, mask: Tensor) -> Tensor:
    view = ModelView(model, explanation_mode=True)
    apply_attnlrp(view.model)
    return contributions(view, ids, mask, lambda logits: logits[:, 1]).scores


@pytest.mark.parametrize("kind", list(SETTINGS))
def test_it_is_what_the_authors_package_gives(kind: str) -> None:
    shared = {"vocab_size": 61, "num_labels": 3, "pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 2}
    config = AutoConfig.for_model(kind, **(shared | SETTINGS[kind]))
    model = waves(AutoModelForSequenceClassification.from_config(config))
    ids = torch.tensor([IDS])
    found = relevance(model, ids, torch.ones_like(ids))
    assert found[0].tolist() == pytest.approx(OF_LXT[kind], abs=1e-6)


@pytest.mark.parametrize("name", list(TINY))
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_changes_nothing_and_what_cannot_be_had_is_refused(name: str, side: str) -> None:
    model = tiny_model(name)
    (short, short_mask), (long, long_mask) = ids_of(6, seed=1), ids_of(21, seed=2)
    if family_of(model).own_attention:
        with pytest.raises(UnsupportedModelError, match="AttnLRP cannot explain .* attention is computed in code of"):
            relevance(model, short, short_mask)
        return
    alone = relevance(model, short, short_mask)
    ids, mask = padded(short, short_mask, 21, side=side)
    both = relevance(model, torch.cat([ids, long]), torch.cat([mask, long_mask]))
    real = slice(15, 21) if side == "left" else slice(0, 6)
    torch.testing.assert_close(both[:1, real], alone, atol=5e-5, rtol=1e-4)


def test_attention_hands_back_relevance_by_the_papers_rules() -> None:
    """Of A and V half of each product (Eq. 7), through the softmax x_i (R_i − s_i Σ R) (Prop. 3.1), of Q and K half."""
    torch.manual_seed(0)
    query, key, value, relevance_out = torch.randn(4, 3, 5, dtype=torch.float64)
    scores = query @ key.T / math.sqrt(5)
    probabilities = scores.softmax(-1)
    out = probabilities @ value
    of_a, of_v, of_s = torch.zeros(3, 3), torch.zeros(3, 5), torch.zeros(3, 3)
    of_q, of_k = torch.zeros(3, 5), torch.zeros(3, 5)
    for j in range(3):
        for i in range(3):
            for p in range(5):
                share = probabilities[j, i] * value[i, p] / (2 * out[j, p]) * relevance_out[j, p]
                of_a[j, i] += share
                of_v[i, p] += share
    for j in range(3):
        for i in range(3):
            of_s[j, i] = scores[j, i] * (of_a[j, i] - probabilities[j, i] * of_a[j].sum())
    for j in range(3):
        for i in range(3):
            for p in range(5):
                share = query[j, p] * key[i, p] / math.sqrt(5) / (2 * scores[j, i]) * of_s[j, i]
                of_q[j, p] += share
                of_k[i, p] += share
    given = [part.clone().requires_grad_() for part in (query, key, value)]
    heads = [part[None, None] for part in uniform_rule(*given)]
    module = torch.nn.Module()
    module.attention_record = []  # type: ignore[assignment]
    found, _ = recorded_attention(module, *heads, None)
    gradients = torch.autograd.grad((found[0, :, 0] * (relevance_out / out)).sum(), given)
    for part, gradient, wanted in zip(given, gradients, (of_q, of_k, of_v), strict=True):
        torch.testing.assert_close((part * gradient).float(), wanted)
