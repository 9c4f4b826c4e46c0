"""The blocks of a model by themselves: what each was given and gave, and what it gives without the value of a token."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from bcos_core.model.anatomy import blocks_of, family_of, hidden_of, types_of, with_hidden
from bcos_core.model.attention import ATTENTION
from bcos_core.model.pooling import pool_by_mask
from bcos_core.model.shared_copy import shared_copy
from bcos_core.model.view import centre_of
from bcos_core.wanted import require_wanted


@dataclass(frozen=True)
class BlockRun:
    """One run of a block for one text: `output` (1, tokens, hidden), and `without_value`: token places (rows,) → what
    the block gives in a row without the value vectors of that place in all heads, (rows, tokens, hidden)."""

    output: Tensor
    without_value: Callable[[Tensor], Tensor]


@torch.no_grad()
def run_blocks(
    model: PreTrainedModel, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
) -> tuple[Tensor, list[BlockRun]]:
    """Logits (1, classes) of one text (1, tokens) without padding, and the runs of its blocks, in their order."""
    require_wanted()
    family, config = family_of(model), deepcopy(model.config)
    if not family.own_attention:
        config._attn_implementation = ATTENTION
    view = pool_by_mask(shared_copy(model, {"training": False, "explanation_mode": False, "config": config}))
    zeroed: list[Tensor] = []  # the places whose value is left out at the moment, one for each row; empty for none
    if family.own_attention:
        values = next(step.linears[0] for step in family.steps if step.kind == "plain")
        for block in blocks_of(view, family):
            block.get_submodule(values).register_forward_hook(lambda _, __, given: _without(given, zeroed, dim=1))
    else:
        for module in view.modules():
            module.attention_rule = lambda query, key, value: (  # type: ignore[assignment]
                *(query, key),
                _without(value, zeroed, dim=2),
            )
    runs: list[BlockRun] = []

    def keep(block: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> None:
        if zeroed:
            return

        @torch.no_grad()
        def without_value(places: Tensor) -> Tensor:
            require_wanted()
            rows = hidden_of(args, kwargs).expand(len(places), -1, -1)
            again_args, again_kwargs = with_hidden(args, kwargs, rows)
            zeroed.append(places)
            try:
                return _hidden(block(*again_args, **again_kwargs))
            finally:
                zeroed.clear()

        runs.append(BlockRun(_hidden(output), without_value))

    for block in blocks_of(view, family):
        block.register_forward_hook(keep, with_kwargs=True)
    types = types_of(model, token_type_ids)
    logits: Tensor = view(input_ids=input_ids, attention_mask=attention_mask, **types).logits
    return logits + centre_of(model), runs


def _hidden(output: Any) -> Tensor:
    hidden: Tensor = output[0] if isinstance(output, tuple) else output
    return hidden


def _without(values: Tensor, zeroed: list[Tensor], *, dim: int) -> Tensor:
    """Values with those of one place in each row, along `dim`, set to zero."""
    if not zeroed:
        return values
    (places,) = zeroed
    shape = [len(values), *([1] * (values.dim() - 1))]
    columns = torch.arange(values.shape[dim], device=values.device)
    gone = columns.view([-1 if axis == dim else 1 for axis in range(values.dim())]) == places.view(shape)
    return values.masked_fill(gone, 0.0)
