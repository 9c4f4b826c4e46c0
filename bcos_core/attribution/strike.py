"""Striking words out: the change that a heatmap predicts, and the change that really happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from bcos_core.attribution.answers import kept_outputs, probabilities_of
from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.limit import read_again
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.references import REFERENCE_TOKENS, tokens_of
from bcos_core.attribution.registry import is_signed
from bcos_core.attribution.same_model import require_kind, same_model
from bcos_core.errors import InputError
from bcos_core.model.text_model import TextModel
from bcos_core.model.view import ModelView
from bcos_core.text.encoding import collate
from bcos_core.text.units import positions_at, token_units


@dataclass(frozen=True)
class StrikeResult:
    """Changes of the record's target logit when the struck tokens are replaced.

    `predicted_change` is minus the sum of their scores, None of a method whose scores have no direction;
    `actual_change` is the logit afterwards minus before. `probabilities` are those of the model after the change,
    in the order of the record's; `struck` is the number of tokens replaced.
    """

    predicted_change: float | None
    actual_change: float
    logit: float
    probabilities: tuple[float, ...]
    struck: int


def replacement(reference: object, tokens: Sequence[str]) -> str:
    """The reference whose token takes the place of struck ones, where a method compares with `reference`, by a
    tokenizer that has these `tokens`."""
    return str(reference) if reference in REFERENCE_TOKENS else next(iter(tokens), "mask")


def strike(model: TextModel, record: Attribution, spans: Sequence[tuple[int, int]]) -> StrikeResult:
    """Replace the tokens that stand for the character spans by the record's reference, and ask the model about the text
    with and without them.

    What is predicted is minus the score of just these tokens, so of a word minus the word's. The mask token stands in
    for a reference that is no token, the padding token where there is no mask token.

    Raises:
        InputError: the record is another model's or tokenizer's, or the tokenizer has no such token.
    """
    require_kind(record, model)
    tokens = tokens_of(model.tokenizer)
    if not tokens:
        raise InputError(
            f"Words of {model.name} cannot be struck out: its tokenizer has no mask token and no padding token to put "
            "in their place. The heatmap stays as it is."
        )
    batch = collate(model.tokenizer, [read_again(record, model)], model.device)
    reference = replacement(record.parameters.get("reference"), tokens)
    inputs = MethodInput(model, batch, record.target, reference)
    struck = positions_at(token_units(record.text, record.tokens), spans)
    without = batch.input_ids.clone()
    without[0, struck] = inputs.reference_ids[0, struck]
    logits = ModelView(model.model).predict(
        torch.cat([batch.input_ids, without]),
        batch.attention_mask.repeat(2, 1),
        original=batch.input_ids.repeat(2, 1),
        token_type_ids=None if batch.token_type_ids is None else batch.token_type_ids.repeat(2, 1),
    )
    whole, changed = logits.double()
    if not same_model(record, model, kept_outputs(record, whole).tolist()):
        raise InputError(
            f"{model.name} does not answer as this record of {record.model} says: it is another model, or was "
            "changed since. Explain the text again."
        )
    after = inputs.select(changed[None]).item()
    return StrikeResult(
        predicted_change=-sum(record.scores[position] for position in struck) if is_signed(record.method) else None,
        actual_change=after - record.logit,
        logit=after,
        probabilities=probabilities_of(record, model, changed),
        struck=len(struck),
    )
