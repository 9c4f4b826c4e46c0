"""Heads of classifiers without what has no dynamic-linear form."""

from __future__ import annotations

from torch import Tensor, nn


class LinearHead(nn.Module):
    """RoBERTa's classification head without its inline tanh; parameter names as in the original."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.dense: nn.Module = head.get_submodule("dense")
        self.dropout: nn.Module = head.get_submodule("dropout")
        self.out_proj: nn.Module = head.get_submodule("out_proj")

    def forward(self, features: Tensor, **_: object) -> Tensor:
        """(batch, tokens, hidden) → (batch, classes), from the first token."""
        pooled = self.dropout(self.dense(self.dropout(features[:, 0])))
        return self.out_proj(pooled)
