"""The exact contributions of a B-cos network: one backward pass with every dynamic factor constant.

    contribution_i(c) = Σ_h E[i,h] · W_c(x)[i,h]   and   Σ_i contribution_i(c) = logit_c

(arXiv 2502.12992 §3.2.) Against a reference M, the input of the first block with another token at every position, the
same weights split the logit into what the text adds and what the reference has already; a network that keeps biases
b_k has a share of theirs beside it:

    logit_c = Σ_i (E_i − M_i) · W_c,i + Σ_i M_i · W_c,i + Σ_k b_k · ∂logit_c/∂b_k

Exact is this to the rounding of the numbers that the network computes in: 1e-4 of the logit and far less in float32,
which is how every checkpoint is loaded. In bf16, with 8 bits, W(x) is rounded block by block, as the logit is, and
their difference is a few hundredths of the logit (`tests/families/test_bf16_sums.py` holds it below a tenth): a sum
that is near, and no exact one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from bcos_core.model.view import ModelView


@dataclass(frozen=True)
class Contributions:
    """`scores` (batch, tokens), exactly 0 on padding; `reference_share` (batch,), 0 without a reference; `bias_share`
    (batch,), 0 without biases; `logits` (batch, classes). `scores.sum(1) + reference_share + bias_share` is the
    selected logit. `forward_passes` is what they took: one, and what the backward pass computed again of it."""

    scores: Tensor
    reference_share: Tensor
    bias_share: Tensor
    logits: Tensor
    forward_passes: float


@dataclass(frozen=True)
class LinearAt:
    """The network at one input: E (batch, tokens, hidden); `weights` W(x), the same shape, of the selected number;
    `bias_share` (batch,); `logits` (batch, classes); `forward_passes` as in `Contributions`."""

    embeddings: Tensor
    weights: Tensor
    bias_share: Tensor
    logits: Tensor
    forward_passes: float


def linear_at(
    view: ModelView,
    input_ids: Tensor,
    attention_mask: Tensor,
    select: Callable[[Tensor], Tensor],
    *,
    token_type_ids: Tensor | None = None,
    original: Tensor | None = None,
) -> LinearAt:
    """W(x) of a view in explanation mode, in one forward and one backward pass, which computes as many blocks again as
    the view says (`ModelView.blocks_again`); `select` as in `contributions`, `original` as in `ModelView.predict`."""
    with torch.enable_grad(), view.scaled_biases(len(input_ids)) as scale:
        embeddings, logits = view.embed_and_go_on(input_ids, attention_mask, token_type_ids, original=original)
        variables = [embeddings] if scale is None else [embeddings, scale]
        weights, *biases = torch.autograd.grad(select(logits).sum(), variables, allow_unused=True)
    none = logits.new_zeros(len(input_ids), dtype=torch.float64)
    bias_share = none if not biases or biases[0] is None else biases[0].double()
    return LinearAt(embeddings.detach(), weights, bias_share, logits.detach(), view.forward_passes(input_ids))


def contributions(
    view: ModelView,
    input_ids: Tensor,
    attention_mask: Tensor,
    select: Callable[[Tensor], Tensor],
    *,
    reference_id: int | None = None,
    token_type_ids: Tensor | None = None,
) -> Contributions:
    """Contributions of every token to one number per text.

    Args:
        view: a view of a B-cos model in explanation mode.
        input_ids, attention_mask, token_type_ids: (batch, tokens); the last of pairs of texts.
        select: logits (batch, classes) → the explained number (batch,), linear in the logits.
        reference_id: the token that stands at every position of the reference; `None` for no reference.
    """
    found = linear_at(view, input_ids, attention_mask, select, token_type_ids=token_type_ids)
    inputs, weights = _precise(found.embeddings), _precise(found.weights)
    real = attention_mask.to(torch.float64)
    share = real.new_zeros(len(input_ids))
    if reference_id is not None:
        replaced = input_ids.masked_fill(attention_mask.bool(), reference_id)
        reference = _precise(view.embed(replaced, attention_mask, original=input_ids, token_type_ids=token_type_ids))
        share = ((reference * weights).sum(-1, dtype=torch.float64) * real).sum(-1)
        inputs = inputs - reference
    scores = (inputs * weights).sum(-1, dtype=torch.float64) * real
    return Contributions(scores, share, found.bias_share, found.logits, found.forward_passes)


def _precise(numbers: Tensor) -> Tensor:
    """In float32 at least: a network may compute in bf16, but nothing more need be lost in products and differences."""
    return numbers.to(torch.promote_types(numbers.dtype, torch.float32))
