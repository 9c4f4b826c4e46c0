"""Alone: what each token says when all others are replaced. A whole method, as a file of `attribution` has it."""

from __future__ import annotations

import torch

from bcos_core.attribution.interface import MethodInput, MethodOutput, select
from bcos_core.attribution.method import Method, Passes
from bcos_core.later import Later
from bcos_core.model.view import ModelView

METHOD = Method(
    name="alone",
    title="Alone",
    description="What each token adds to the logit of the reference when it stands there alone.",
    cost=Passes(2, per_token=1),
    attribute=Later("tests.attribution.example_method", "alone"),  # its own file, imported when something is explained
    references=("mask", "pad"),
)


def alone(inputs: MethodInput) -> MethodOutput:
    """f(reference with token i) − f(reference), one pass for each i."""
    batch, view = inputs.batch, ModelView(inputs.text_model.model)
    logits = view.predict(batch.input_ids, batch.attention_mask)
    classes = inputs.classes(logits)

    def score(input_ids: torch.Tensor) -> torch.Tensor:
        found = view.predict(input_ids, batch.attention_mask, original=batch.input_ids)
        return select(found, classes, inputs.target).double()

    nothing, columns = score(inputs.reference_ids), []
    for place in range(batch.input_ids.shape[1]):
        input_ids = inputs.reference_ids
        input_ids[:, place] = batch.input_ids[:, place]
        columns.append((score(input_ids) - nothing) * batch.ordinary[:, place])
    return MethodOutput(torch.stack(columns, dim=1), torch.zeros_like(nothing), logits, 2 + len(columns), 0)
