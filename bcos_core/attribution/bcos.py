"""B-cos contributions: the model's own computation, read off (arXiv 2502.12992 §3.2)."""

from __future__ import annotations

from bcos_core.attribution.question import Answer, Question
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView


def bcos(question: Question) -> Answer:
    """Exact contributions; reference "none", or "mask": against the mask token at every position."""
    found = contributions(
        ModelView(question.classifier.model, explanation_mode=True),
        question.batch.input_ids,
        question.batch.attention_mask,
        question.select,
        reference_id=question.mask_id if question.reference == "mask" else None,
    )
    return Answer(found.scores, found.reference_share, found.logits, forward_passes=1, backward_passes=1, parameters={})
