"""Methods with a fault each, put in to be found."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import torch
from torch import Tensor

from bcos_core.attribution.bcos import bcos
from bcos_core.attribution.interface import MethodInput, MethodOutput
from bcos_core.attribution.method import Method, Passes

_calls = count(1)


def _scored(inputs: MethodInput, scores: Tensor) -> MethodOutput:
    """The model's own answer, with these scores (batch, tokens) beside it."""
    return replace(bcos(inputs), scores=scores.double() * inputs.batch.ordinary)


def by_length(inputs: MethodInput) -> MethodOutput:
    """Ignores the model: how long a token is."""
    width = inputs.batch.input_ids.shape[1]
    rows = [[len(token.text) for token in text.tokens] + [0] * (width - len(text)) for text in inputs.batch.texts]
    return _scored(inputs, torch.tensor(rows))


def by_token(inputs: MethodInput) -> MethodOutput:
    """Ignores the model: the number of the token."""
    return _scored(inputs, torch.sin(inputs.batch.input_ids.double()))


def by_place(inputs: MethodInput) -> MethodOutput:
    """Ignores the text: where the token stands."""
    places = torch.arange(inputs.batch.input_ids.shape[1], dtype=torch.float64)
    return _scored(inputs, torch.cos(places).expand(len(inputs.batch), -1))


def by_place_and_model(inputs: MethodInput) -> MethodOutput:
    """Ignores the text, though it looks at the model: rows of its weights at each place."""
    weights = next(p for name, p in inputs.text_model.model.named_parameters() if name.endswith("query.weight"))
    rows = weights.detach().double().flatten()[: inputs.batch.input_ids.shape[1]]
    return _scored(inputs, rows.expand(len(inputs.batch), -1))


def by_dice(inputs: MethodInput) -> MethodOutput:
    """Random, and another time random again."""
    generator = torch.Generator().manual_seed(next(_calls))
    return _scored(inputs, torch.randn(inputs.batch.input_ids.shape, generator=generator))


def by_neighbour(inputs: MethodInput) -> MethodOutput:
    """Right, but for what the next text of the batch puts on top."""
    output = bcos(inputs)
    return _scored(inputs, output.scores + output.scores.roll(1, 0) * (len(inputs.batch) > 1))


def by_padding(inputs: MethodInput) -> MethodOutput:
    """Right, but that padding counts: every column of it lets the scores of later tokens grow."""
    output = bcos(inputs)
    padding = (1 - inputs.batch.attention_mask).sum(1, keepdim=True)
    places = torch.arange(output.scores.shape[1])
    return _scored(inputs, output.scores * (1 + 0.1 * padding * (places % 2)))


def by_digits(inputs: MethodInput) -> MethodOutput:
    """Right, but for an unstable sum: a large number is added and taken away again in the model's own precision."""
    output = bcos(inputs)
    precise = output.scores.to(next(inputs.text_model.model.parameters()).dtype)
    large = 2.0**19 * precise.abs().amax(1, keepdim=True)
    return _scored(inputs, (precise + large) - large)


PLANTED = (by_length, by_token, by_place, by_place_and_model, by_dice, by_neighbour, by_padding, by_digits)
METHODS = {
    one.__name__: Method(one.__name__, one.__name__, one.__doc__ or "", Passes(1, 1), one, needs_bcos=True)
    for one in PLANTED
}
