"""A view of a model: its structure copied, its weights shared, for one computation of one thread.

Whatever an explanation needs of a model (evaluation mode, constant dynamic factors, embeddings put in by
hand, no gradients for the weights) is set on the view. The model itself is never touched, so there is
nothing to restore after an error, and threads cannot see each other's settings. Making a view copies a few
hundred small objects and no tensor.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import TypeVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.model.attention import RECORDED_ATTENTION
from bcos_core.model.families import family_of


class ModelView:
    """A classifier ready to be explained.

    Args:
        model: a conventional or B-cos classifier, in any mode, on any device.
        explanation_mode: the dynamic factors of a B-cos model become constants, so that its gradient with
            respect to E is W(x) (arXiv 2502.12992 §3.2).
    """

    def __init__(self, model: PreTrainedModel, *, explanation_mode: bool = False) -> None:
        self.model: PreTrainedModel = shared_copy(model, {"training": False, "explanation_mode": explanation_mode})
        family = family_of(model)
        inner = self.model.get_submodule(family.embedding)
        self._positions = partial(family.positions, inner)
        self._embedding = _EmbeddingTap(inner)
        self.model.set_submodule(family.embedding, self._embedding)

    @torch.no_grad()
    def embed(self, input_ids: Tensor, attention_mask: Tensor, *, original: Tensor | None = None) -> Tensor:
        """E, the embedding module's output, (batch, tokens, hidden), for ids (batch, tokens); `original` as in
        `predict`."""
        self._embedding.stop = True
        try:
            self._run(input_ids, attention_mask, original)
        except _Embedded as embedded:
            return embedded.embeddings
        finally:
            self._embedding.stop = False
        raise RuntimeError(f"{type(self.model).__name__} never called its embedding module.")

    def logits(self, embeddings: Tensor, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """(batch, classes), from given E (batch, tokens, hidden); differentiable with respect to E alone."""
        self._embedding.given = embeddings
        try:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        finally:
            self._embedding.given = None

    @torch.no_grad()
    def predict(self, input_ids: Tensor, attention_mask: Tensor, *, original: Tensor | None = None) -> Tensor:
        """(batch, classes), from ids (batch, tokens).

        `original` are the ids before some of them were replaced: every token keeps the position that it has there.
        A model may count positions over what is not padding, and would move all later tokens where one becomes
        padding.
        """
        return self._run(input_ids, attention_mask, original)

    def _run(self, input_ids: Tensor, attention_mask: Tensor, original: Tensor | None) -> Tensor:
        positions = self._positions(input_ids if original is None else original)
        return self.model(input_ids=input_ids, attention_mask=attention_mask, position_ids=positions).logits


@torch.no_grad()
def attention_probabilities(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor
) -> tuple[Tensor, list[Tensor]]:
    """Logits (batch, classes), and the attention probabilities of every layer, (batch, heads, tokens, tokens)."""
    record: list[Tensor] = []
    config = deepcopy(model.config)
    config._attn_implementation = RECORDED_ATTENTION
    view = shared_copy(
        model, {"training": False, "explanation_mode": False, "config": config, "attention_record": record}
    )
    return view(input_ids=input_ids, attention_mask=attention_mask).logits, record


Module = TypeVar("Module", bound=nn.Module)


def shared_copy(module: Module, attributes: dict[str, object]) -> Module:
    """A copy of a module tree that shares every tensor with it, the weights detached.

    `attributes` are set on every copied module. The dictionaries of parameters, buffers and submodules are
    new; hooks are shared, none is added. A `forward` that was put on a module itself is not copied: it is bound to
    that module (mixed precision training wraps a model's so), and would run the original in place of the copy.
    """
    twin = object.__new__(type(module))
    children = {n: None if child is None else shared_copy(child, attributes) for n, child in module._modules.items()}
    twin.__dict__.update(  # past nn.Module's setters, which take ten times as long
        module.__dict__,
        _parameters={name: None if p is None else p.detach() for name, p in module._parameters.items()},
        _buffers=dict(module._buffers),
        _modules=children,
        **attributes,
    )
    twin.__dict__.pop("forward", None)
    return twin


class _Embedded(Exception):
    """Carries E out of a forward pass that need not go on."""

    def __init__(self, embeddings: Tensor) -> None:
        self.embeddings = embeddings


class _EmbeddingTap(nn.Module):
    """Stands in a view where the embedding module was."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.given: Tensor | None = None
        self.stop = False

    def forward(self, *args: object, **kwargs: object) -> Tensor:
        if self.given is not None:
            return self.given
        embeddings = self.inner(*args, **kwargs)
        if self.stop:
            raise _Embedded(embeddings)
        return embeddings
