"""Heads of classifiers whose activations are modules, which can be left out or frozen."""

from __future__ import annotations

from torch import Tensor, nn
from transformers.activations import ACT2FN


class LinearHead(nn.Module):
    """RoBERTa's classification head, its inline tanh a module or left out; parameter names as in the original."""

    def __init__(self, head: nn.Module, *, keep_tanh: bool = False) -> None:
        super().__init__()
        self.dense: nn.Module = head.get_submodule("dense")
        self.dropout: nn.Module = head.get_submodule("dropout")
        self.out_proj: nn.Module = head.get_submodule("out_proj")
        self.activation: nn.Module = nn.Tanh() if keep_tanh else nn.Identity()

    def forward(self, features: Tensor, **_: object) -> Tensor:
        """(batch, tokens, hidden) → (batch, classes), from the first token."""
        pooled = self.dropout(self.activation(self.dense(self.dropout(features[:, 0]))))
        return self.out_proj(pooled)


class ContextPooler(nn.Module):
    """DeBERTa's pooler with its activation, which stays, as a module; parameter names as in the original."""

    def __init__(self, pooler: nn.Module, *, keep_tanh: bool = False) -> None:
        super().__init__()
        self.dense: nn.Module = pooler.get_submodule("dense")
        self.dropout: nn.Module = pooler.get_submodule("dropout")
        self.activation: nn.Module = ACT2FN[pooler.config.pooler_hidden_act]  # type: ignore[union-attr]

    def forward(self, hidden_states: Tensor) -> Tensor:
        """(batch, tokens, hidden) → (batch, hidden), from the first token."""
        return self.activation(self.dense(self.dropout(hidden_states[:, 0])))


HEADS = {kind.__name__: kind for kind in (LinearHead, ContextPooler)}
"""By the names that families give them (`Family.rebuilt`)."""
