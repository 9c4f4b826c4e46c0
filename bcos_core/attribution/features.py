"""What a perturbation method removes in one piece: a token, or a word with all of its tokens."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from bcos_core.text.encoding import Batch, Encoded
from bcos_core.text.units import word_units


def feature_mask(batch: Batch, unit: str) -> Tensor:
    """The piece that each position belongs to, (batch, tokens), counted from 0 in each text.

    Positions that are never removed (added tokens, padding) go with piece 0: their baseline is themselves, so
    that nothing happens to them when it is removed.
    """
    mask = torch.zeros_like(batch.input_ids)
    for row, text in enumerate(batch.texts):
        positions = [position for position, token in enumerate(text.tokens) if not token.added]
        mask[row, positions] = torch.tensor(_pieces(text, positions, unit), dtype=mask.dtype, device=mask.device)
    return mask


def spread_over_tokens(scores: Tensor, mask: Tensor, ordinary: Tensor) -> Tensor:
    """A piece's score, given at every one of its tokens, divided among them: their sum is the piece's score.

    Shape:
        scores, mask, ordinary: (batch, tokens) → (batch, tokens).
    """
    sizes = torch.zeros_like(scores).scatter_add_(1, mask, ordinary.to(scores.dtype))  # (batch, pieces)
    return torch.where(ordinary, scores / sizes.gather(1, mask).clamp(min=1), 0.0)


def _pieces(text: Encoded, positions: Sequence[int], unit: str) -> list[int]:
    if unit == "token":
        return list(range(len(positions)))
    words = [word for word in word_units(text.text, text.tokens) if word.positions]
    number = {position: place for place, word in enumerate(words) for position in word.positions}
    return [number[position] for position in positions]
