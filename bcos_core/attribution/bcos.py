"""B-cos contributions: the model's own computation, read off (arXiv 2502.12992 §3.2). Of a conventional model, which is
dynamic linear too, they are its frozen-linear pullback (`bcos_core.model.pullback`)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView


def bcos(inputs: MethodInput) -> MethodOutput:
    """Exact contributions, against nothing or against another token at every position (`MethodInput.reference_id`)."""
    return contributions_under(ModelView(inputs.text_model.model, explanation_mode=True), inputs)


def contributions_under(view: ModelView, inputs: MethodInput) -> MethodOutput:
    """The same under a view of the model in explanation mode, whatever its rules are."""
    batch = inputs.batch
    scores = torch.zeros(batch.input_ids.shape, dtype=torch.float64, device=batch.input_ids.device)
    shares, biases = scores.new_zeros(len(batch)), scores.new_zeros(len(batch))
    logits: Tensor | None = None
    forward_passes = 0.0
    types = batch.token_type_ids
    for rows, length in _passes(inputs):
        found = contributions(
            view,
            batch.input_ids[rows, :length],
            batch.attention_mask[rows, :length],
            inputs.select,
            reference_id=inputs.reference_id,
            token_type_ids=None if types is None else types[rows, :length],
        )
        scores[rows, :length] = found.scores
        shares[rows], biases[rows] = found.reference_share, found.bias_share
        forward_passes += found.forward_passes * len(rows) / len(batch)
        if logits is None:
            logits = found.logits.new_empty(len(batch), found.logits.shape[1])
        logits[rows] = found.logits
    assert logits is not None  # a batch has texts
    return MethodOutput(
        scores, shares, logits, forward_passes=forward_passes, backward_passes=1, bias_share=biases + view.centre
    )


def _passes(inputs: MethodInput) -> Iterator[tuple[list[int], int]]:
    """Texts of similar length that go through together, and how many columns they fill: padding is on the right."""
    lengths = [len(text) for text in inputs.batch.texts]
    order = sorted(range(len(lengths)), key=lambda row: -lengths[row])
    while order:
        longest = lengths[order[0]]
        size = inputs.rows_of(longest, keeps_factors=True)
        yield order[:size], longest
        order = order[size:]
