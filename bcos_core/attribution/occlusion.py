"""Occlusion: the fall of the explained number when one token is replaced by the mask token."""

from __future__ import annotations

import torch
from captum.attr import FeatureAblation
from torch import Tensor

from bcos_core.attribution.question import ROWS_PER_PASS, Answer, Question, select
from bcos_core.model.view import ModelView


def occlusion(question: Question) -> Answer:
    """Leave-one-out by the mask token, over ordinary tokens (Zeiler & Fergus, arXiv 1311.2901, on tokens).

    The tokens of a batch are captum features: the j-th ordinary token of every text is feature j, so texts
    of similar length are occluded in the same pass. Added tokens are never occluded and score 0.
    """
    batch = question.batch
    view = ModelView(question.classifier.model)
    rows = 0
    logits = view.predict(batch.input_ids, batch.attention_mask)
    classes = question.classes(logits)

    def score(input_ids: Tensor, attention_mask: Tensor, chosen: Tensor) -> Tensor:
        nonlocal rows
        rows += len(input_ids)
        return select(view.predict(input_ids, attention_mask), chosen, question.target)

    position = batch.ordinary.long().cumsum(-1)  # 1, 2, … over the ordinary tokens of each text
    features = position.masked_fill(~batch.ordinary, 0)  # 0: padding and added tokens, in a pass of their own
    # that replaces nothing: their baseline is themselves.
    baselines = question.masked_ids
    attributions = FeatureAblation(score).attribute(
        batch.input_ids,
        baselines=baselines,
        additional_forward_args=(batch.attention_mask, classes),
        feature_mask=features,
        perturbations_per_eval=max(1, ROWS_PER_PASS // len(batch)),
    )
    scores = attributions.to(torch.float64) * batch.ordinary
    return Answer(
        scores=scores,
        reference_share=scores.new_zeros(len(batch)),
        logits=logits,
        forward_passes=rows / len(batch) + 1,
        backward_passes=0,
        parameters={"baseline": "mask"},
    )
