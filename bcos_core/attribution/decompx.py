"""DecompX (Modarressi et al., arXiv 2306.02873): the text's tokens carried apart through the network to the logits."""

from __future__ import annotations

from bcos_core.attribution.interface import MethodInput, MethodOutput, select
from bcos_core.attribution.seeds import put_together
from bcos_core.model.decomposition import decomposed_logits
from bcos_core.model.view import centre_of


def decompx(inputs: MethodInput) -> MethodOutput:
    """Each token's part of the logit, biases shared out among the tokens: their sum is the logit."""
    return put_together(inputs, [_decompx(alone) for alone in inputs.each_text()])


def _decompx(inputs: MethodInput) -> MethodOutput:
    batch, model = inputs.batch, inputs.text_model.model
    logits, parts = decomposed_logits(model, batch.input_ids, batch.attention_mask, batch.token_type_ids)
    scores = select(parts.double(), inputs.classes(logits).expand(len(parts)), inputs.target)[None]
    return MethodOutput(
        scores,
        scores.new_zeros(1),
        logits,
        forward_passes=2 + len(parts),  # every part goes through every matrix, as in a pass for each token
        backward_passes=0,
        bias_share=scores.new_full((1,), centre_of(model)),
    )
