"""Contributions are the network's own computation: frozen it is linear, its matrix is the one written out in
NumPy, and its contributions add up to the logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from naive_network import naive_logits
from tiny import MASK_ID, SMALL, ids_of, pad, tiny_model
from torch import Tensor, nn
from transformers.models.distilbert import modeling_distilbert

from bcos_core.model.contributions import contributions
from bcos_core.model.convert import convert
from bcos_core.model.layers import BcosLinear
from bcos_core.model.view import ModelView

every_family = pytest.mark.parametrize("family", SMALL)
every_b = pytest.mark.parametrize("b", [1.0, 1.5, 2.0])


def of_class(index: int) -> Any:
    return lambda logits: logits[:, index]


class Remembered(nn.Module):
    """Gives what its module gave the first time, whatever comes in later."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.first: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if self.first is None:
            self.first = self.inner(x)
        return self.first


def frozen_network(view: ModelView, ids: Tensor, mask: Tensor, monkeypatch: pytest.MonkeyPatch) -> Any:
    """E ↦ logits with every dynamic factor held at its value for `ids`."""

    def remember(function: Any, *, of_function: bool) -> Any:
        kept: list[Any] = []

        def remembered(*arguments: Any) -> Any:
            if of_function:  # BcosLinear: the factor comes as a function of z
                inner = function(*arguments)
                return lambda z: kept[0] if kept else kept.append(inner(z)) or kept[0]
            if not kept:
                kept.append(function(*arguments))
            return kept[0]

        return remembered

    for path, module in list(view.model.named_modules()):
        if hasattr(module, "dynamic_factor"):
            wrapped = remember(module.dynamic_factor, of_function=isinstance(module, BcosLinear))  # type: ignore[attr-defined]
            monkeypatch.setattr(module, "dynamic_factor", wrapped)
        if path.split(".")[-1] in ("query", "key", "q_lin", "k_lin"):
            view.model.set_submodule(path, Remembered(module))

    gates: list[Tensor] = []

    class FrozenReLU(nn.Module):  # DistilBERT's head makes its ReLU inside forward
        def forward(self, x: Tensor) -> Tensor:
            if not gates:
                gates.append((x > 0).to(x.dtype))
            return x * gates[0]

    monkeypatch.setattr(modeling_distilbert.nn, "ReLU", FrozenReLU)
    view.logits(view.embed(ids, mask), ids, mask)  # the factors are taken here
    return lambda embeddings: view.logits(embeddings, ids, mask)


@every_family
@every_b
def test_frozen_network_is_linear(family: str, b: float, monkeypatch: pytest.MonkeyPatch) -> None:
    model = convert(tiny_model(family), b=b).double()
    ids, mask = ids_of(7)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask)
    network = frozen_network(view, ids, mask, monkeypatch)
    first, second = torch.randn_like(embeddings), torch.randn_like(embeddings)
    torch.testing.assert_close(network(embeddings), ModelView(model).predict(ids, mask))
    torch.testing.assert_close(network(-2.5 * first), -2.5 * network(first), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(network(first + second), network(first) + network(second), rtol=1e-6, atol=1e-9)


@every_family
@every_b
def test_matrix_equals_the_one_written_out_in_numpy(family: str, b: float) -> None:
    model = convert(tiny_model(family), b=b)
    ids, mask = ids_of(6)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask).requires_grad_()
    logits = view.logits(embeddings, ids, mask)
    weights = {name: p.detach().double().numpy() for name, p in model.named_parameters()}
    expected_logits, expected = naive_logits(
        weights, embeddings.detach().double().numpy()[0], family=family, b=b, heads=4, layers=2, eps=1e-12
    )
    np.testing.assert_allclose(logits.detach().numpy()[0], expected_logits, atol=1e-4)
    for index in range(3):
        (matrix,) = torch.autograd.grad(logits[0, index], embeddings, retain_graph=True)
        np.testing.assert_allclose(matrix.numpy()[0], expected[index], atol=1e-4)


@every_family
@pytest.mark.parametrize("reference", [None, MASK_ID])
@pytest.mark.parametrize("length", [1, 2, 17, 128, 512])
def test_contributions_add_up_to_the_logit(family: str, reference: int | None, length: int) -> None:
    model = convert(tiny_model(family, positions=512), b=1.5)
    ids, mask = ids_of(length)
    view = ModelView(model, explanation_mode=True)
    for index in range(3):
        found = contributions(view, ids, mask, of_class(index), reference_id=reference)
        logit = ModelView(model).predict(ids, mask)[0, index].item()
        total = found.scores.sum().item() + found.reference_share.item()
        assert abs(total - logit) <= 1e-4 * max(1.0, abs(logit))
        assert (found.reference_share.item() == 0) == (reference is None)


@every_family
def test_plain_gradient_times_input_is_not_an_explanation(family: str) -> None:
    """The trap: at B = 2 without biases it adds up to the logit too, so adding up alone proves nothing."""
    ids, mask = ids_of(9)

    def gradient_times_input(b: float) -> tuple[float, float, Tensor, Tensor]:
        model = convert(tiny_model(family), b=b)
        view = ModelView(model)  # not in explanation mode
        embeddings = view.embed(ids, mask).requires_grad_()
        logit = view.logits(embeddings, ids, mask)[0, 0]
        (gradient,) = torch.autograd.grad(logit, embeddings)
        exact = contributions(ModelView(model, explanation_mode=True), ids, mask, of_class(0)).scores
        scores = (embeddings * gradient).sum(-1).detach().double()
        return scores.sum().item(), logit.item(), scores, exact

    total, logit, scores, exact = gradient_times_input(1.5)
    assert abs(total - logit) > 1e-2 * max(1.0, abs(logit))
    assert (scores - exact).abs().max() > 1e-2 * exact.abs().max()


@every_family
def test_one_text_equals_the_same_text_in_a_padded_batch(family: str) -> None:
    model = convert(tiny_model(family), b=1.5)
    view = ModelView(model, explanation_mode=True)
    pad_id = model.config.pad_token_id
    short, short_mask = ids_of(5, seed=1)
    long, long_mask = ids_of(12, seed=2)
    alone = contributions(view, short, short_mask, of_class(1), reference_id=MASK_ID)
    padded, padded_mask = pad(short, short_mask, 12, pad_id)
    both = contributions(
        view, torch.cat([padded, long]), torch.cat([padded_mask, long_mask]), of_class(1), reference_id=MASK_ID
    )
    torch.testing.assert_close(both.scores[:1, :5], alone.scores, atol=1e-5, rtol=0)
    torch.testing.assert_close(both.reference_share[:1], alone.reference_share, atol=1e-5, rtol=0)
    torch.testing.assert_close(both.logits[:1], alone.logits, atol=1e-5, rtol=0)
    assert torch.equal(both.scores[0, 5:], torch.zeros(7, dtype=torch.double))
