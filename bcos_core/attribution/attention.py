"""Attention as an explanation: where the classified position looks. It does not depend on the target.

Jain & Wallace (arXiv 1902.10186) and others have shown that it explains decisions badly; it is here because
people ask for it, and because a comparison should show that.
"""

from __future__ import annotations

import torch
from torch import Tensor

from bcos_core.attribution.question import Answer, Question
from bcos_core.model.anatomy import family_of
from bcos_core.model.pooling import first_shown, last_shown
from bcos_core.model.view import attention_probabilities


def attention(question: Question) -> Answer:
    """The last layer's attention from the classified position, the mean over heads."""
    logits, layers = _probabilities(question)
    return _answer(logits, _where_it_is_classified(question, layers[-1].mean(1)))


def attention_rollout(question: Question) -> Answer:
    """Attention rollout (Abnar & Zuidema, arXiv 2005.00928 §3): layers multiplied, each as ½ A + ½ I for the
    residual connection, A the mean over heads."""
    logits, layers = _probabilities(question)
    identity = torch.eye(layers[0].shape[-1], dtype=torch.float64, device=layers[0].device)
    rollout = identity.expand(len(logits), -1, -1)
    for layer in layers:
        rollout = (0.5 * layer.mean(1) + 0.5 * identity) @ rollout
    return _answer(logits, _where_it_is_classified(question, rollout))


def _probabilities(question: Question) -> tuple[Tensor, list[Tensor]]:
    batch = question.batch
    logits, layers = attention_probabilities(question.classifier.model, batch.input_ids, batch.attention_mask)
    # Padded positions look somewhere too; nothing comes back from them, since nobody looks at them.
    return logits, [layer.double() * batch.attention_mask[:, None, None, :] for layer in layers]


def _where_it_is_classified(question: Question, rows: Tensor) -> Tensor:
    """The row (batch, tokens), of rows (batch, tokens, tokens), of the position that the decision is read from."""
    mask = question.batch.attention_mask
    place = last_shown(mask) if family_of(question.classifier.model).decoder else first_shown(mask)
    return rows[torch.arange(len(rows), device=rows.device), place]


def _answer(logits: Tensor, scores: Tensor) -> Answer:
    return Answer(scores, scores.new_zeros(len(scores)), logits, forward_passes=1, backward_passes=0)
