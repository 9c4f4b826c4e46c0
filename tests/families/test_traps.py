"""The mistakes that published code has made with decoders, one each: ours must not be any of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from naive_decoders import gpt2, llama
from tiny_families import ids_of, tiny_model
from torch import Tensor

from bcos_core import convert
from bcos_core.model.contributions import contributions
from bcos_core.model.layers import ConstantActivation, GatedActivation
from bcos_core.model.view import ModelView


def of_class_zero(logits: Tensor) -> Tensor:
    return logits[:, 0]


def scores_of(model: Any, ids: Tensor, mask: Tensor) -> Tensor:
    return contributions(ModelView(model, explanation_mode=True), ids, mask, of_class_zero).scores[0]


@pytest.mark.parametrize("name", ["Llama", "GPT-2"])
@pytest.mark.parametrize("b", [1.0, 1.3, 2.0])
def test_matrix_equals_the_one_written_out_in_numpy(name: str, b: float) -> None:
    model = convert(tiny_model(name), b=b)
    ids, mask = ids_of(6)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask).requires_grad_()
    logits = view.logits(embeddings, ids, mask)
    weights = {path: p.detach().double().numpy() for path, p in model.named_parameters()}
    inputs = embeddings.detach().double().numpy()[0]
    if name == "Llama":
        wanted, matrix = llama(weights, inputs, b=b, heads=4, groups=2, layers=2, eps=model.config.rms_norm_eps)
    else:
        wanted, matrix = gpt2(weights, inputs, b=b, heads=4, layers=2, eps=1e-5)
    np.testing.assert_allclose(logits.detach().numpy()[0], wanted, atol=1e-4)
    for index in range(3):
        (gradient,) = torch.autograd.grad(logits[0, index], embeddings, retain_graph=True)
        np.testing.assert_allclose(gradient.numpy()[0], matrix[index], atol=1e-4)


def test_a_gate_is_not_differentiated_together_with_its_factor() -> None:
    """In act(a) · b both factors carry E; with x · g(x) for act(a) the product counts twice, and the sum is another."""
    model = convert(tiny_model("Llama"), b=1.1)
    ids, mask = ids_of(8)
    logit = ModelView(model).predict(ids, mask)[0, 0].item()
    assert scores_of(model, ids, mask).sum().item() == pytest.approx(logit, abs=1e-4)
    for path, module in list(model.named_modules()):
        if isinstance(module, ConstantActivation):
            model.set_submodule(path, GatedActivation(module.activation))
    assert ModelView(model).predict(ids, mask)[0, 0].item() == pytest.approx(logit, abs=1e-5)  # the same network
    assert abs(scores_of(model, ids, mask).sum().item() - logit) > 0.1 * abs(logit)


@pytest.mark.parametrize("name", ["GPT-2", "OPT"])
def test_positions_are_part_of_e(name: str) -> None:
    """Their share would be missing from the sum, were E the embeddings of words alone."""
    model = convert(tiny_model(name), b=1.5)
    ids, mask = ids_of(8)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask)
    words = model.get_input_embeddings()(ids).detach()
    table = model.transformer.wpe.weight if name == "GPT-2" else model.model.decoder.embed_positions.weight[2:]
    torch.testing.assert_close(embeddings, words + table[:8].detach())
    given = embeddings.clone().requires_grad_()
    logit = view.logits(given, ids, mask)[0, 0]
    (weights,) = torch.autograd.grad(logit, given)
    assert abs((words * weights).sum().item() - logit.item()) > 0.1 * abs(logit.item())
    assert scores_of(model, ids, mask).sum().item() == pytest.approx(logit.item(), abs=1e-4)


def test_contributions_are_summed_over_the_hidden_dimension_and_not_averaged() -> None:
    model = convert(tiny_model("Qwen3"), b=1.5)
    ids, mask = ids_of(8)
    view = ModelView(model, explanation_mode=True)
    given = view.embed(ids, mask).requires_grad_()
    logit = view.logits(given, ids, mask)[0, 0]
    (weights,) = torch.autograd.grad(logit, given)
    found = scores_of(model, ids, mask)
    torch.testing.assert_close(found.float(), (given * weights).sum(-1)[0].detach(), atol=1e-5, rtol=1e-4)
    averaged = (given * weights).mean(-1).sum().item()
    assert abs(averaged - logit.item()) > 0.5 * abs(logit.item())


@pytest.mark.parametrize("name", ["Gemma", "Gemma 3"])
def test_gemma_norms_by_one_plus_w_and_scales_its_embeddings(name: str) -> None:
    original = tiny_model(name)
    converted = convert(original, b=1.0)
    ids, mask = ids_of(8)
    view = ModelView(converted, explanation_mode=True)
    words = original.model.embed_tokens.weight[ids].detach()
    torch.testing.assert_close(view.embed(ids, mask), 4.0 * words)  # √16
    norm, wanted = converted.model.layers[0].input_layernorm, original.model.layers[0].input_layernorm
    x = torch.randn(3, 16)
    torch.testing.assert_close(norm(x), wanted(x))
    by_hand = x / x.square().mean(-1, keepdim=True).add(norm.eps).sqrt() * (1 + wanted.weight)
    torch.testing.assert_close(norm(x), by_hand)
    torch.testing.assert_close(
        ModelView(converted).predict(ids, mask),
        original(input_ids=ids, attention_mask=mask).logits,
        atol=1e-4,
        rtol=1e-4,
    )


@pytest.mark.parametrize("name", ["Mistral, sliding", "Gemma 3", "StarCoder2", "Qwen2, sliding", "ModernBERT"])
def test_a_window_hides_what_lies_outside_it(name: str) -> None:
    """Two or three blocks with windows of 3 to 7 tokens carry nothing over 40; a full block carries it all."""
    windowed = name in ("Mistral, sliding", "StarCoder2")
    model = convert(tiny_model(name), b=1.5)
    ids, mask = ids_of(40)
    scores = scores_of(model, ids, mask)
    assert (scores[:20].abs().max() == 0) == windowed
    assert (scores[-3:] != 0).all() or name == "ModernBERT"


def test_the_biases_share_is_what_their_own_gradients_say() -> None:
    """b · ∂logit/∂b over all biases, one text at a time, and by finite differences of the frozen network."""
    model = convert(tiny_model("GPT-2"), b=1.5, keep_biases=True)
    ids, mask = ids_of(7, rows=2)
    found = contributions(ModelView(model, explanation_mode=True), ids, mask, of_class_zero)
    for row in range(2):
        view = ModelView(model, explanation_mode=True)
        biases = [
            (module, name)
            for path, module in view.model.named_modules()
            for name in module._parameters
            if name == "bias" and module._parameters[name] is not None and not path.startswith("transformer.w")
        ]
        leaves = []
        for module, name in biases:
            module.bias_share = None
            leaves.append(module._parameters[name].detach().clone().requires_grad_())
            module._parameters[name] = leaves[-1]
        embeddings = view.embed(ids[row : row + 1], mask[row : row + 1])
        with torch.enable_grad():
            logit = view.logits(embeddings, ids[row : row + 1], mask[row : row + 1])[0, 0]
        gradients = torch.autograd.grad(logit, leaves)
        share = sum((leaf * gradient).sum().item() for leaf, gradient in zip(leaves, gradients, strict=True))
        assert found.bias_share[row].item() == pytest.approx(share, abs=1e-4)
        assert abs(share) > 1e-2
