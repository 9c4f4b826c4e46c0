"""What a language model learns from: the texts' own next tokens, or what the original says of each."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint
from transformers import PreTrainedModel

from bcos_core.model.perplexity import head_logits, in_parts, token_losses

ROWS = 1024
"""Predicted tokens whose logits are in memory at once, where memory is to be saved."""


def cross_entropy(model: PreTrainedModel, rows: Tensor, targets: Tensor, *, sparing: bool = False) -> Tensor:
    """The mean of − log p(target) over predicted tokens, a scalar: hidden states (rows, hidden), targets (rows,)."""
    return _mean(lambda part: token_losses(model, rows[part], targets[part]).sum(), len(rows), sparing=sparing)


def distillation(
    model: PreTrainedModel, original: PreTrainedModel, rows: Tensor, theirs: Tensor, *, sparing: bool = False
) -> Tensor:
    """The mean over predicted tokens of KL(p ‖ q) = Σ p (log p − log q), a scalar, where p is what the original says
    after its own hidden states `theirs` (rows, hidden), and q what the model says after `rows` (rows, hidden)."""

    def of(part: slice) -> Tensor:
        with torch.no_grad():
            log_p = head_logits(original, theirs[part]).log_softmax(-1)
        log_q = head_logits(model, rows[part]).log_softmax(-1)
        return F.kl_div(log_q, log_p, reduction="sum", log_target=True)

    return _mean(of, len(rows), sparing=sparing)


def hidden_distance(rows: Tensor, theirs: Tensor) -> Tensor:
    """The mean of (h / rms(h) − h′ / rms(h′))² over tokens and channels, a scalar: 0 for states of one direction, 2 for
    such as are at right angles, 4 for opposite ones."""
    ours, wanted = (F.normalize(states.float(), dim=-1) for states in (rows, theirs))
    return (ours - wanted).square().sum(-1).mean()


def _mean(of: Callable[[slice], Tensor], rows: int, *, sparing: bool) -> Tensor:
    """The sum over parts divided by the rows. `sparing` computes logits twice and never keeps more than a part of them:
    in the forward pass, and again in the backward one."""
    if not sparing:
        return of(slice(0, rows)) / rows
    total = None
    for part in in_parts(rows, ROWS):
        found: Tensor = checkpoint(of, part, use_reentrant=False)
        total = found if total is None else total + found
    assert total is not None
    return total / rows
