"""Random scores: the baseline that every method has to beat."""

from __future__ import annotations

import torch

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.seeds import text_by_text
from bcos_core.model.view import ModelView


@text_by_text
def random_scores(inputs: MethodInput) -> MethodOutput:
    """Scores uniform in −1 … 1 for ordinary tokens."""
    batch = inputs.batch
    logits = ModelView(inputs.text_model.model).predict(
        batch.input_ids, batch.attention_mask, token_type_ids=batch.token_type_ids
    )
    drawn = 2 * torch.rand(batch.input_ids.shape, dtype=torch.float64).to(logits.device) - 1
    return MethodOutput(drawn * batch.ordinary, drawn.new_zeros(1), logits, forward_passes=0, backward_passes=0)
