"""Attention as an explanation: where the classified position looks.

Jain & Wallace (arXiv 1902.10186) and others have shown that it explains decisions badly; it is here because
people ask for it, and because a comparison should show that.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.model.anatomy import family_of
from bcos_core.model.pooling import first_shown, last_shown
from bcos_core.model.view import attention_gradients, attention_probabilities


def attention(inputs: MethodInput) -> MethodOutput:
    """The last layer's attention from the classified position, the mean over heads."""
    logits, layers = _probabilities(inputs)
    return _output(logits, _where_it_is_classified(inputs, layers[-1].mean(1)))


def attention_rollout(inputs: MethodInput) -> MethodOutput:
    """Attention rollout (Abnar & Zuidema, arXiv 2005.00928 §3): layers multiplied, each as ½ A + ½ I for the
    residual connection, A the mean over heads."""
    logits, layers = _probabilities(inputs)
    identity = torch.eye(layers[0].shape[-1], dtype=torch.float64, device=layers[0].device)
    rollout = identity.expand(len(logits), -1, -1)
    for layer in layers:
        rollout = (0.5 * layer.mean(1) + 0.5 * identity) @ rollout
    return _output(logits, _where_it_is_classified(inputs, rollout))


def gradient_attention(inputs: MethodInput) -> MethodOutput:
    """Rollout weighted by the gradient (Chefer et al., arXiv 2103.15679 §3): with Ā the mean over heads of the positive
    part of ∇A ⊙ A, R ← R + Ā R from the first layer on; what that added to the identity.

    Unlike the others it depends on the target; it shows what speaks for it alone.
    """
    batch = inputs.batch
    logits, layers, gradients = attention_gradients(
        inputs.text_model.model, batch.input_ids, batch.attention_mask, inputs.select, batch.token_type_ids
    )
    identity = torch.eye(batch.input_ids.shape[1], dtype=torch.float64, device=logits.device)
    relevance = identity.expand(len(logits), -1, -1)
    for layer, gradient in zip(layers, gradients, strict=True):
        weighted = (layer.double() * gradient.double()).clamp(min=0).mean(1) * batch.attention_mask[:, None, :]
        relevance = relevance + weighted @ relevance
    scores = _where_it_is_classified(inputs, relevance - identity)
    return MethodOutput(scores, scores.new_zeros(len(scores)), logits, forward_passes=1, backward_passes=1)


def _probabilities(inputs: MethodInput) -> tuple[Tensor, list[Tensor]]:
    batch = inputs.batch
    logits, layers = attention_probabilities(
        inputs.text_model.model, batch.input_ids, batch.attention_mask, batch.token_type_ids
    )
    # Padded positions look somewhere too; nothing comes back from them, since nobody looks at them.
    return logits, [layer.double() * batch.attention_mask[:, None, None, :] for layer in layers]


def _where_it_is_classified(inputs: MethodInput, rows: Tensor) -> Tensor:
    """The row (batch, tokens), of rows (batch, tokens, tokens), of the position that the decision is read from."""
    mask = inputs.batch.attention_mask
    place = last_shown(mask) if family_of(inputs.text_model.model).decoder else first_shown(mask)
    return rows[torch.arange(len(rows), device=rows.device), place]


def _output(logits: Tensor, scores: Tensor) -> MethodOutput:
    return MethodOutput(scores, scores.new_zeros(len(scores)), logits, forward_passes=1, backward_passes=0)
