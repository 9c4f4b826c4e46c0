"""Gradient checkpointing in training (Chen et al., arXiv 1604.06174): of each block its input alone is kept, and the
backward pass computes the block again when it comes there. One way for all families, of which transformers has some
without it; what is computed again is the same, with the same dropout, so the gradients are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from bcos_core.model.anatomy import blocks_of, family_of, hidden_of, with_hidden

_WITHOUT_CACHE: dict[str, Any] = {
    "use_cache": False,
    "past_key_values": None,
    "past_key_value": None,
    "layer_past": None,
}


class _Sparing:
    """The forward pass of a block in training; in evaluation mode, as in a view that explains, it is the block's."""

    training: bool

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        whole: Any = super().forward  # type: ignore[misc]
        if not (self.training and torch.is_grad_enabled()):
            return whole(*args, **kwargs)

        # What is computed again must not be put into a cache a second time.
        kwargs |= {name: without for name, without in _WITHOUT_CACHE.items() if name in kwargs}

        def run(hidden: Tensor) -> Any:
            given, named = with_hidden(args, kwargs, hidden)
            return whole(*given, **named)

        return checkpoint(run, hidden_of(args, kwargs), use_reentrant=False)


@contextmanager
def checkpointed(model: PreTrainedModel, *, wanted: bool = True) -> Iterator[None]:
    """Inside the block, the model's own blocks are computed again in the backward pass, where that is `wanted`."""
    before = {block: type(block) for block in blocks_of(model, family_of(model))} if wanted else {}
    for block, kind in before.items():
        block.__class__ = _sparing(kind)  # type: ignore[arg-type]  # a class can be hashed
    try:
        yield
    finally:
        for block, kind in before.items():
            block.__class__ = kind


@cache
def _sparing(kind: Any) -> type[nn.Module]:
    return type(kind.__name__, (_Sparing, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
