"""Value zeroing (Mohebbi et al., arXiv 2301.12971): how much of each token is mixed into the others, layer by layer."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.seeds import put_together
from bcos_core.model.anatomy import family_of
from bcos_core.model.blocks import BlockRun, run_blocks


def value_zeroing(inputs: MethodInput) -> MethodOutput:
    """C_ij = 1 − cos(x̃_i, x̃_i without the value of j), x̃ the output of a layer, each row divided by its sum (§3);
    the layers' matrices multiplied, without a term for the residual connection, which x̃ has in it (§6)."""
    return put_together(inputs, [_alone(alone) for alone in inputs.each_text()])


def _alone(inputs: MethodInput) -> MethodOutput:
    batch, model = inputs.batch, inputs.text_model.model
    logits, runs = run_blocks(model, batch.input_ids, batch.attention_mask, batch.token_type_ids)
    tokens = batch.input_ids.shape[1]
    rollout = torch.eye(tokens, dtype=torch.float64, device=logits.device)
    for run in runs:
        mixing = context_mixing(run, inputs.rows_per_pass)
        rollout = mixing / mixing.sum(1, keepdim=True).clamp(min=torch.finfo(mixing.dtype).tiny) @ rollout
    scores = rollout[-1 if family_of(model).decoder else 0][None]
    return MethodOutput(scores, scores.new_zeros(1), logits, forward_passes=1 + tokens, backward_passes=0)


def context_mixing(run: BlockRun, rows: int) -> Tensor:
    """C (tokens, tokens), `rows` columns at a time."""
    places = torch.arange(run.output.shape[1], device=run.output.device)
    turned = [
        1 - F.cosine_similarity(run.without_value(part).double(), run.output.double(), dim=-1)  # (part, tokens)
        for part in places.split(rows)
    ]
    return torch.cat(turned).T.clamp(min=0)  # rounding
