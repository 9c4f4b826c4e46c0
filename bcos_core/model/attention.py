"""Attention whose probabilities are constants in explanation mode.

With the probabilities A(x) fixed, attention is linear in the values: A(x) V. Detaching queries and keys
before the stock fused attention does exactly that, so both modes keep its speed. Registered once under the
name `bcos` in transformers' attention interface.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

ATTENTION = "bcos"


def bcos_attention(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Scaled dot-product attention; in explanation mode the gradient flows through `value` only.

    Shape:
        query, key, value: (batch, heads, tokens, head size) → (batch, tokens, heads, head size).
    """
    if getattr(module, "explanation_mode", False):
        query, key = query.detach(), key.detach()
    return sdpa_attention_forward(module, query, key, value, attention_mask, **options)


AttentionInterface.register(ATTENTION, bcos_attention)
AttentionMaskInterface.register(ATTENTION, sdpa_mask)
