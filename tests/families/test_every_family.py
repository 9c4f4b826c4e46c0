"""What holds for every family: contributions are the network's own computation, whatever its blocks are made of."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from frozen import frozen_network, probed
from tiny_families import CLASSES, HIDDEN, PAD_ID, TINY, ids_of, padded, tiny_model
from torch import Tensor, nn
from transformers.models.distilbert import modeling_distilbert

from bcos_core import convert
from bcos_core.families import FAMILIES
from bcos_core.model.anatomy import positions_of, types_of
from bcos_core.model.contributions import Contributions, contributions
from bcos_core.model.heads import LinearHead
from bcos_core.model.view import ModelView

every_family = pytest.mark.parametrize("name", list(TINY))
REFERENCE = 4


def of_class(index: int) -> Callable[[Tensor], Tensor]:
    return lambda logits: logits[:, index]


def explained(model: nn.Module, ids: Tensor, mask: Tensor, *, reference: int | None = REFERENCE) -> Contributions:
    view = ModelView(model, explanation_mode=True)
    return contributions(view, ids, mask, of_class(1), reference_id=reference)


def test_every_registered_family_is_tried() -> None:
    tried = {tiny.model_type for tiny in TINY.values()}
    assert tried == {kind for family in FAMILIES.values() for kind in family.model_types}


@every_family
def test_frozen_network_is_the_matrix_that_explains_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = convert(tiny_model(name), b=1.4).double()
    ids, mask = ids_of(5)
    view = ModelView(model, explanation_mode=True)
    embeddings = view.embed(ids, mask).requires_grad_()
    logits = view.logits(embeddings, ids, mask)
    gradients = [torch.autograd.grad(logits[0, index], embeddings, retain_graph=True)[0][0] for index in range(CLASSES)]
    if name == "DistilBERT":  # its head makes its ReLU inside forward, the only one in the model
        on = (ModelView(model).model.pre_classifier(_last_hidden(model, ids, mask)) > 0).double()
        monkeypatch.setattr(modeling_distilbert.nn, "ReLU", lambda: lambda x: x * on)
    with frozen_network(model, ids, mask) as network:
        matrix = probed(network, 5, HIDDEN)
        first, second = torch.randn(2, 1, 5, HIDDEN, dtype=torch.float64)
        one, other = network(first), network(second)
        torch.testing.assert_close(network(-2.5 * first), -2.5 * one, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(network(first + second), one + other, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(network(embeddings.detach()), logits.detach(), rtol=1e-5, atol=1e-7)
    scale = matrix.abs().max().item()
    torch.testing.assert_close(torch.stack(gradients), matrix, rtol=1e-4, atol=1e-4 * scale)


def _last_hidden(model: nn.Module, ids: Tensor, mask: Tensor) -> Tensor:
    with torch.no_grad():
        return model.distilbert(input_ids=ids, attention_mask=mask)[0][:, 0]  # type: ignore[operator, union-attr]


@every_family
@pytest.mark.parametrize("keep_biases", [False, True], ids=["without biases", "with biases"])
def test_contributions_add_up_to_the_logit(name: str, keep_biases: bool) -> None:
    model = convert(tiny_model(name), b=1.5, keep_biases=keep_biases)
    for length in (1, 2, TINY[name].tokens):
        ids, mask = ids_of(length)
        logit = ModelView(model).predict(ids, mask)[0, 1].item()
        for reference in (None, REFERENCE):
            found = explained(model, ids, mask, reference=reference)
            total = found.scores.sum() + found.reference_share[0] + found.bias_share[0]
            assert total.item() == pytest.approx(logit, abs=1e-4 * max(1.0, abs(logit)))
            assert (found.reference_share.item() == 0) == (reference is None)
            assert keep_biases or found.bias_share.item() == 0


@every_family
@pytest.mark.parametrize("side", ["left", "right"])
def test_padding_on_either_side_changes_nothing(name: str, side: str) -> None:
    model = convert(tiny_model(name), b=1.5, keep_biases=True)
    (short, short_mask), (long, long_mask) = ids_of(6, seed=1), ids_of(21, seed=2)
    alone = explained(model, short, short_mask)
    ids, mask = padded(short, short_mask, 21, side=side)
    both = explained(model, torch.cat([ids, long]), torch.cat([mask, long_mask]))
    real, rest = (slice(15, 21), slice(0, 15)) if side == "left" else (slice(0, 6), slice(6, 21))
    torch.testing.assert_close(both.scores[:1, real], alone.scores, atol=2e-5, rtol=1e-5)
    assert torch.equal(both.scores[0, rest], torch.zeros(15, dtype=torch.double))
    for part in ("reference_share", "bias_share", "logits"):
        torch.testing.assert_close(getattr(both, part)[:1], getattr(alone, part), atol=2e-5, rtol=1e-5)


@every_family
@pytest.mark.parametrize("side", ["left", "right"])
def test_a_pair_adds_up_and_its_texts_are_told_apart(name: str, side: str) -> None:
    model = convert(tiny_model(name), b=1.5)
    with torch.no_grad():  # so large that a text in the wrong place shows
        for path, parameter in model.named_parameters():
            if "token_type_embeddings" in path:
                parameter.normal_()
    ids, mask = ids_of(7, seed=1)
    types = torch.tensor([[0, 0, 0, 1, 1, 1, 1]])
    told = types_of(model, types)
    assert bool(told) == (int(getattr(model.config, "type_vocab_size", None) or 0) > 1)
    with torch.no_grad():
        wanted = model(input_ids=ids, attention_mask=mask, position_ids=positions_of(model, ids), **told).logits
        alike = model(input_ids=ids, attention_mask=mask, position_ids=positions_of(model, ids)).logits
    assert torch.allclose(wanted, alike, atol=1e-4) != bool(told)
    long, long_mask = padded(ids, mask, 12, side=side)
    long_types = torch.zeros_like(long)
    long_types[long_mask.bool()] = types[0]
    view = ModelView(model, explanation_mode=True)
    for given in ((ids, mask, types), (long, long_mask, long_types)):
        found = contributions(view, *given[:2], of_class(1), reference_id=REFERENCE, token_type_ids=given[2])
        torch.testing.assert_close(found.logits, wanted, atol=2e-5, rtol=1e-5)
        torch.testing.assert_close(
            found.scores.sum(1) + found.reference_share, wanted[:, 1].double(), atol=1e-4, rtol=0
        )


@every_family
def test_with_no_biases_and_b_of_one_the_converted_model_is_the_original(name: str) -> None:
    original = tiny_model(name, biases=False)
    converted = convert(original, b=1.0)
    ids, mask = ids_of(9, rows=2)
    without_tanh(original)
    with torch.no_grad():
        wanted = original(input_ids=ids, attention_mask=mask).logits
        found = converted(input_ids=ids, attention_mask=mask).logits
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ModelView(converted).predict(ids, mask), wanted, atol=1e-5, rtol=1e-5)


def without_tanh(model: nn.Module) -> None:
    """Take the tanh of a pooler out of a conventional model, as conversion does."""
    for path, module in list(model.named_modules()):
        if type(module).__name__ in ("RobertaClassificationHead", "MPNetClassificationHead") or type(
            module
        ).__name__.endswith(("RobertaClassificationHead", "CamembertClassificationHead")):
            model.set_submodule(path, LinearHead(module))
        elif isinstance(module, nn.Tanh):
            model.set_submodule(path, nn.Identity())


@every_family
def test_a_reference_of_padding_moves_no_position_and_no_pooling(name: str) -> None:
    """All that a model looks up by ids alone (positions, the pooled token) is that of the text."""
    model = convert(tiny_model(name), b=1.5)
    ids, mask = ids_of(7)
    found = explained(model, ids, mask, reference=PAD_ID)
    total = found.scores.sum() + found.reference_share[0]
    assert total.item() == pytest.approx(found.logits[0, 1].item(), abs=1e-4 * max(1.0, abs(found.logits[0, 1].item())))
    view = ModelView(model)
    replaced = view.embed(torch.full_like(ids, PAD_ID), mask, original=ids)
    by_hand = view.logits(replaced, ids, mask)
    by_ids = view.predict(torch.full_like(ids, PAD_ID), mask, original=ids)
    torch.testing.assert_close(by_ids, by_hand, atol=1e-5, rtol=1e-5)
