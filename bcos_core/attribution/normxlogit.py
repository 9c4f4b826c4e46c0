"""NormXLogit (Abbasi et al., EMNLP 2025, arXiv 2411.16252): how much is in a token, times how much of the answer is
read off it at the end."""

from __future__ import annotations

import torch

from bcos_core.attribution.interface import MethodInput, MethodOutput, select
from bcos_core.errors import UnsupportedModelError
from bcos_core.model.classifier import Classifier
from bcos_core.model.head_on_top import HeadOnTop
from bcos_core.tasks.regression import Regression


def normxlogit(inputs: MethodInput) -> MethodOutput:
    """score_i = ‖E_i‖₂ · LogAt_i, with LogAt_i the logit of the target where the model's head is put on the last hidden
    state of token i, in place of that of the token that the decision is read from. E and the last layer as in the
    authors' code (`hidden_states[0]` and `hidden_states[-1]`; github.com/sinaabbasi1/NormXLogit): E is the input of the
    first block, and the last hidden state comes out of the last norm.

    In a decoder a token has seen those before it alone: LogAt_i is what the model says behind the first i tokens. Of a
    contrast it is the difference of both logits; the paper has no contrasts. For a score the paper defines LogAt as a
    distance from the answer, which tells no direction, so that scores are refused.

    Raises:
        UnsupportedModelError: a model of a score.
    """
    model, batch = inputs.text_model, inputs.batch
    if isinstance(model, Classifier) and model.task_type.name == Regression.name:
        raise UnsupportedModelError(f"NormXLogit cannot explain {model.name}. It is defined for classes and tokens.")
    top = HeadOnTop(model.model)
    found = top.represent(batch.input_ids, batch.attention_mask, batch.token_type_ids)
    classes = inputs.classes(found.logits)
    texts, places = batch.attention_mask.nonzero(as_tuple=True)
    at_token = torch.cat(
        [
            select(top.logits(found.hidden[some, where]), classes[some], inputs.target)
            for some, where in zip(
                *(rows.split(top.rows_at_once(found.logits.shape[1])) for rows in (texts, places)), strict=True
            )
        ]
    )
    scores = torch.zeros(batch.input_ids.shape, dtype=torch.float64, device=found.hidden.device)
    scores[texts, places] = found.embeddings[texts, places].double().norm(dim=-1) * at_token.double()
    return MethodOutput(scores, scores.new_zeros(len(batch)), found.logits, forward_passes=1, backward_passes=0)
