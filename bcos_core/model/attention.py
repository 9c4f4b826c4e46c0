"""Attention whose probabilities are constants in explanation mode.

With the probabilities A(x) fixed, attention is linear in the values: A(x) V. Detaching queries and keys
before the stock fused attention does exactly that, so both modes keep its speed. Registered once under the
name `bcos` in transformers' attention interface; beside it `bcos_recorded`, which keeps the probabilities for
those who want to see them, at the speed of plain matrix products.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

ATTENTION = "bcos"
RECORDED_ATTENTION = "bcos_recorded"


def constant_probabilities(query: Tensor, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The gradient flows through the values only."""
    return query.detach(), key.detach(), value


def bcos_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Scaled dot-product attention of what the module's `attention_rule` makes of queries, keys and values; where a
    view has set none, that is `constant_probabilities` in explanation mode.

    Shape:
        query, key, value: (batch, heads, tokens, head size) → (batch, tokens, heads, head size).
    """
    rule = getattr(module, "attention_rule", None)
    if rule is None and getattr(module, "explanation_mode", False):
        rule = constant_probabilities
    if rule is not None:
        query, key, value = rule(query, key, value)
    return sdpa_attention_forward(module, query, key, value, attention_mask, **options)


def recorded_attention(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    **options: Any,
) -> tuple[Tensor, None]:
    """The same attention, spelled out; the probabilities are appended to the list `module.attention_record`.

    Shape:
        query, key, value: (batch, heads, tokens, head size) → (batch, tokens, heads, head size).
        attention_mask: (batch, 1, tokens, tokens), true where a position may look, None for everywhere (before itself,
        in a decoder); the record's entries: (batch, heads, tokens, tokens).
    """
    groups = query.shape[1] // key.shape[1]  # heads of queries that share one head of keys and values
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    logits = query @ key.transpose(-1, -2) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if attention_mask is None and getattr(module, "is_causal", False):
        attention_mask = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).tril()
    if attention_mask is not None:
        logits = logits.masked_fill(~attention_mask, torch.finfo(logits.dtype).min)
    probabilities = logits.softmax(-1)
    module.attention_record.append(probabilities)  # type: ignore[operator, union-attr]
    return (probabilities @ value).transpose(1, 2), None


for _name, _function in ((ATTENTION, bcos_attention), (RECORDED_ATTENTION, recorded_attention)):
    AttentionInterface.register(_name, _function)
    AttentionMaskInterface.register(_name, sdpa_mask)
