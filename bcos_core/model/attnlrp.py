"""AttnLRP (Achtibat et al., arXiv 2402.05602) as rules for the gradient of a view in explanation mode.

Gradient × input of a network with these rules is its layer-wise relevance propagation (as in the authors' `lxt`):

    norms, activations   identity rule (Eq. 9): the factor y / x is a constant, which explanation mode does already
    A · V and Q · Kᵀ     uniform rule (Eq. 7): of a product both factors get half
    softmax              its own derivative, which is the rule (Proposition 3.1)
    act(a) · b           the same two rules: half for each factor, and of act(a) the factor act(a) / a is a constant
    linear layers        as they are; what a bias takes up is lost, so that the sum is not the logit
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.errors import UnsupportedModelError
from bcos_core.model.anatomy import blocks_of, family_of
from bcos_core.model.convert import norm_of
from bcos_core.model.layers import ConstantActivation, GatedActivation


def apply_attnlrp(model: PreTrainedModel) -> None:
    """Put the rules into the model of a view in explanation mode (`ModelView.model`), which is the view's own.

    Raises:
        UnsupportedModelError: a family whose attention cannot be given a rule.
    """
    family = family_of(model)
    if family.own_attention:
        raise UnsupportedModelError(
            f"AttnLRP cannot explain {family.title} models: their attention is computed in code of its own, where the "
            "rule for products cannot be put in. Use another method."
        )
    for block in blocks_of(model, family):
        for path, module in list(block.named_modules()):
            if isinstance(module, ConstantActivation):
                block.set_submodule(path, _frozen(GatedActivation(module.activation)))
            elif path in family.kept:  # of queries or keys, where nothing flows in explanation mode otherwise
                norm = norm_of(path, module, family, keep_bias=True)
                if norm is not None:
                    block.set_submodule(path, _frozen(norm))
        if family.gated:
            for path in family.steps[-1].linears:  # they read the product
                block.get_submodule(path).register_forward_pre_hook(_half)
    for module in model.modules():
        module.attention_rule = uniform_rule  # type: ignore[assignment]


def uniform_rule(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """A · V gives half to A and half to V, and Q · Kᵀ halves what A got once more."""
    return _Divided.apply(query, 4.0), _Divided.apply(key, 4.0), _Divided.apply(value, 2.0)


def _half(_: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...]:
    return (_Divided.apply(args[0], 2.0), *args[1:])


def _frozen(module: nn.Module) -> nn.Module:
    module.explanation_mode = True  # type: ignore[assignment]
    return module.eval()


class _Divided(torch.autograd.Function):
    """The same numbers, with the gradient divided."""

    @staticmethod
    def forward(ctx, x: Tensor, divisor: float) -> Tensor:  # type: ignore[no-untyped-def]
        ctx.divisor = divisor
        return x.view_as(x)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        return gradient / ctx.divisor, None
