"""Explanation mode of a conventional model: the frozen-linear pullback, exact on every family with nothing trained."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from frozen import frozen_network, probed
from naive_bert import decomposed_logits
from tiny_families import HIDDEN, TINY, ids_of, padded, tiny_model
from torch import Tensor, nn
from transformers.models.distilbert import modeling_distilbert

from bcos_core import convert
from bcos_core.errors import UnsupportedModelError
from bcos_core.model.anatomy import family_of
from bcos_core.model.contributions import Contributions, contributions
from bcos_core.model.pullback import dynamic_linear
from bcos_core.model.view import ModelView

every_family = pytest.mark.parametrize("name", list(TINY))
REFERENCE = 4
WITH_TANH = ("BERT", "RoBERTa", "XLM-R", "CamemBERT", "ALBERT", "ALBERT, two groups", "MPNet")


def of_class_one(logits: Tensor) -> Tensor:
    return logits[:, 1]


def explained(model: nn.Module, ids: Tensor, mask: Tensor, *, reference: int | None = REFERENCE) -> Contributions:
    view = ModelView(model, explanation_mode=True)
    return contributions(view, ids, mask, of_class_one, reference_id=reference)


@every_family
def test_text_reference_and_biases_are_the_logit_of_the_model_itself(name: str) -> None:
    model = tiny_model(name)
    before = {path: parameter.clone() for path, parameter in model.named_parameters()}
    attention, kinds = model.config._attn_implementation, [type(module) for module in model.modules()]
    for length in (1, 2, TINY[name].tokens):
        ids, mask = ids_of(length)
        with torch.no_grad():
            logit = ModelView(model).predict(ids, mask)[0, 1].item()
        for reference in (None, REFERENCE):
            found = explained(model, ids, mask, reference=reference)
            total = found.scores.sum() + found.reference_share[0] + found.bias_share[0]
            assert total.item() == pytest.approx(logit, abs=1e-4 * max(1.0, abs(logit)))
            assert found.logits[0, 1].item() == pytest.approx(logit, abs=1e-5 * max(1.0, abs(logit)))
    assert (model.config._attn_implementation, [type(module) for module in model.modules()]) == (attention, kinds)
    assert all(torch.equal(parameter, before[path]) for path, parameter in model.named_parameters())


@every_family
def test_the_frozen_network_is_the_matrix_that_explains_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = tiny_model(name, biases=False).double()
    ids, mask = ids_of(5)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask).requires_grad_()
    (gradient,) = torch.autograd.grad(view.logits(embeddings, ids, mask)[0, 1], embeddings)
    if name == "DistilBERT":  # its head makes its ReLU inside forward, the only one in the model
        with torch.no_grad():
            hidden = model.distilbert(input_ids=ids, attention_mask=mask)[0][:, 0]  # type: ignore[operator, union-attr]
            on = (model.pre_classifier(hidden) > 0).double()  # type: ignore[operator]
        monkeypatch.setattr(modeling_distilbert.nn, "ReLU", lambda: lambda x: x * on)
    with frozen_network(dynamic_linear(model), ids, mask) as network:
        matrix = probed(network, 5, HIDDEN)[1]
        first, second = torch.randn(2, 1, 5, HIDDEN, dtype=torch.float64)
        torch.testing.assert_close(network(first + second), network(first) + network(second), rtol=1e-5, atol=1e-7)
    torch.testing.assert_close(gradient[0], matrix, rtol=1e-4, atol=1e-4 * matrix.abs().max().item())


@every_family
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_changes_nothing(name: str, side: str) -> None:
    model = tiny_model(name)
    (short, short_mask), (long, long_mask) = ids_of(6, seed=1), ids_of(21, seed=2)
    alone = explained(model, short, short_mask)
    ids, mask = padded(short, short_mask, 21, side=side)
    both = explained(model, torch.cat([ids, long]), torch.cat([mask, long_mask]))
    real = slice(15, 21) if side == "left" else slice(0, 6)
    torch.testing.assert_close(both.scores[:1, real], alone.scores, atol=2e-5, rtol=1e-5)
    for part in ("reference_share", "bias_share", "logits"):
        torch.testing.assert_close(getattr(both, part)[:1], getattr(alone, part), atol=2e-5, rtol=1e-5)


@every_family
def test_of_a_network_without_tanh_it_is_the_contributions_at_b_of_one(name: str) -> None:
    model = tiny_model(name)
    ids, mask = ids_of(9, rows=2)
    wanted = explained(convert(model, b=1.0, keep_biases=True), ids, mask)
    found = explained(model, ids, mask)
    same = torch.allclose(found.scores, wanted.scores, atol=1e-5)
    assert same == (name not in WITH_TANH)
    assert torch.allclose(found.bias_share, wanted.bias_share, atol=1e-5) == same


def test_bert_is_the_sum_that_was_carried_forward_in_numpy() -> None:
    model = tiny_model("BERT")
    ids, mask = ids_of(7)
    embeddings = ModelView(model).embed(ids, mask).double().numpy()[0]
    weights = {path: p.detach().double().numpy() for path, p in model.named_parameters()}
    parts = decomposed_logits(weights, embeddings, heads=4, layers=2, eps=model.config.layer_norm_eps)
    with torch.no_grad():
        logits = model(input_ids=ids, attention_mask=mask).logits[0].numpy()
    np.testing.assert_allclose(parts.sum(0), logits, atol=1e-5)
    found = explained(model, ids, mask, reference=None)
    np.testing.assert_allclose(found.scores[0].numpy(), parts[:-1, 1], atol=1e-5)
    assert found.bias_share.item() == pytest.approx(parts[-1, 1], abs=1e-5)


def test_what_has_no_linear_form_is_refused_by_name() -> None:
    model = tiny_model("BERT")
    model.bert.encoder.layer[0].intermediate.intermediate_act_fn = nn.Softplus()  # type: ignore[union-attr, index]
    with pytest.raises(UnsupportedModelError, match="Softplus has no known dynamic-linear form"):
        ModelView(model, explanation_mode=True)
    changed = tiny_model("OPT", do_layer_norm_before=False)
    with pytest.raises(UnsupportedModelError, match="do_layer_norm_before False is refused"):
        ModelView(changed, explanation_mode=True)
    assert family_of(changed).name == "opt"
