"""Gradient checkpointing of every family in training: the gradients of the whole graph, and much less of it kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from tiny_families import TINY, ids_of, tiny_model
from torch import Tensor, nn

from bcos_core import convert
from bcos_core.train.checkpointing import checkpointed


def saved_bytes(model: nn.Module, loss: Callable[[], Tensor]) -> int:
    """What a graph keeps for its backward pass, each memory once, parameters apart."""
    own = {tensor.untyped_storage().data_ptr() for tensor in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss().backward()
    return sum(kept.values())


@pytest.mark.parametrize("family", TINY)
@pytest.mark.parametrize("bcos", [False, True])
def test_checkpointed_gradients_are_the_same_and_less_is_kept(family: str, bcos: bool) -> None:
    model = tiny_model(family)
    model = (convert(model, b=1.5) if bcos else model).train()
    ids, mask = ids_of(12, rows=4)
    kinds = [type(module) for module in model.modules()]

    def loss() -> Tensor:
        torch.manual_seed(3)  # of dropout, which is drawn again as it was
        logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
        return logits.square().sum()

    found = []
    for wanted in (False, True):
        model.zero_grad()
        with checkpointed(model, wanted=wanted):
            kept = saved_bytes(model, loss)
        found.append((kept, {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}))
    (whole, expected), (sparing, ours) = found
    assert ours.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(ours[name], gradient, atol=1e-5, rtol=1e-4)
    assert sparing < 0.6 * whole
    assert [type(module) for module in model.modules()] == kinds
