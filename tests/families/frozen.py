"""A network frozen at one text, written without the code under test: every dynamic factor is taken by its formula in
one ordinary forward pass, and held from then on, so that what is left must be a matrix.

The network is in its ordinary mode: nothing here knows of explanation mode or of gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from bcos_core.model.attention import ATTENTION, bcos_attention
from bcos_core.model.layers import BcosLinear, ConstantActivation, ConstantLinear, GatedActivation, Norm
from bcos_core.model.view import ModelView


class Frozen(nn.Module):
    """Takes the factor of each of its calls in the first forward pass (some modules run several times), and applies
    it afterwards. `factor_of` and `apply` say how."""

    def __init__(self, inner: nn.Module, clock: list[int]) -> None:
        super().__init__()
        self.inner: Any = inner
        self.clock = clock
        self.factors: list[Any] = []
        self.seen, self.calls = 0, 0

    def forward(self, x: Tensor) -> Tensor:
        if self.seen != self.clock[0]:  # another forward pass began
            self.seen, self.calls = self.clock[0], 0
        if self.clock[0] == 1:
            self.factors.append(self.factor_of(x))
        factor = self.factors[self.calls]
        self.calls += 1
        if x.dim() == 2 and len(factor) > 1:  # OPT puts the tokens of all texts in one column
            factor = factor.repeat(len(x) // len(factor), 1)
        return self.apply_factor(x, factor)

    def factor_of(self, x: Tensor) -> Any:
        raise NotImplementedError

    def apply_factor(self, x: Tensor, factor: Any) -> Tensor:
        raise NotImplementedError


class FrozenBcos(Frozen):
    def factor_of(self, x: Tensor) -> Tensor:  # |cos|^(B−1)
        weight = self.rows()
        cosine = (x @ weight.T) / (x.norm(dim=-1, keepdim=True) * weight.norm(dim=-1))
        return cosine.abs() ** (self.inner.b - 1)

    def apply_factor(self, x: Tensor, factor: Tensor) -> Tensor:
        return (x @ self.rows().T) * factor

    def rows(self) -> Tensor:
        return self.inner.weight.T if self.inner.transposed else self.inner.weight


class FrozenNorm(Frozen):
    def factor_of(self, x: Tensor) -> Tensor:  # 1/std or 1/rms
        x = self.centred(x)
        return 1 / torch.sqrt((x**2).mean(-1, keepdim=True) + self.inner.eps)

    def apply_factor(self, x: Tensor, factor: Tensor) -> Tensor:
        return self.centred(x) * factor * (self.inner.weight + self.inner.offset)

    def centred(self, x: Tensor) -> Tensor:
        return x - x.mean(-1, keepdim=True) if self.inner.centred else x


class FrozenGate(Frozen):
    def factor_of(self, x: Tensor) -> Tensor:  # g(x) of x · g(x)
        return self.inner.activation(x) / x

    def apply_factor(self, x: Tensor, factor: Tensor) -> Tensor:
        return x * factor


class FrozenReLU(Frozen):
    def factor_of(self, x: Tensor) -> Tensor:
        return (x > 0).to(x.dtype)

    def apply_factor(self, x: Tensor, factor: Tensor) -> Tensor:
        return x * factor


class FrozenOutput(Frozen):
    """What it gave at first, whatever comes in."""

    def factor_of(self, x: Tensor) -> Tensor:
        return self.inner(x)

    def apply_factor(self, x: Tensor, factor: Tensor) -> Tensor:
        return factor.expand(len(x), *factor.shape[1:])


KINDS: tuple[tuple[Any, type[Frozen]], ...] = (
    (BcosLinear, FrozenBcos),
    (Norm, FrozenNorm),
    (GatedActivation, FrozenGate),
    ((ConstantActivation, ConstantLinear), FrozenOutput),
    (nn.ReLU, FrozenReLU),
)


@contextmanager
def frozen_network(model: PreTrainedModel, ids: Tensor, mask: Tensor) -> Iterator[Callable[[Tensor], Tensor]]:
    """E (n, tokens, hidden) ↦ logits (n, classes) of a converted model without biases, frozen at one text."""
    view = ModelView(model)
    clock = [0]
    for path, module in list(view.model.named_modules()):
        for kind, frozen in KINDS:
            if isinstance(module, kind):
                view.model.set_submodule(path, frozen(module, clock))
    looked: list[tuple[Tensor, Tensor]] = []
    calls = [0]

    def attention(module: nn.Module, query: Tensor, key: Tensor, value: Tensor, given: Any, **options: Any) -> Any:
        """Queries and keys are those of the first forward pass; its probabilities are a constant then."""
        if clock[0] == 1:
            looked.append((query, key))
        query, key = looked[calls[0]]
        calls[0] += 1
        size = len(value)
        query, key = query.expand(size, *query.shape[1:]), key.expand(size, *key.shape[1:])
        return sdpa_attention_forward(module, query, key, value, given, **options)

    def network(embeddings: Tensor) -> Tensor:
        clock[0] += 1
        calls[0] = 0
        size = len(embeddings)
        with torch.no_grad():
            return view.logits(embeddings, ids.expand(size, -1), mask.expand(size, -1))

    AttentionInterface.register(ATTENTION, attention)
    try:
        network(view.embed(ids, mask))  # the factors are taken here
        yield network
    finally:
        AttentionInterface.register(ATTENTION, bcos_attention)


def probed(network: Callable[[Tensor], Tensor], tokens: int, hidden: int) -> Tensor:
    """The matrix of a linear network, (classes, tokens, hidden), one unit vector at a time."""
    units = torch.eye(tokens * hidden, dtype=torch.float64).view(-1, tokens, hidden)
    return network(units).T.view(-1, tokens, hidden)
