"""Calibrated conversion: refit the converted layers, one after another, to the original's function.

Dropping biases and putting B-cos transforms in breaks a pretrained network: the final hidden states of a
converted MiniLM have cosine 0.28 with the original's. Here every linear is refitted by ridge regression, in
execution order, on a few hundred unlabelled texts: inputs from the *converted* stream (so that later layers
repair what earlier ones could not), targets from the *original* one. Both streams advance one block at a time.

It works at any exponent B. The ridge solution gives the direction of a row; B-cos is homogeneous in it,
B-cos(x; γw) = γ B-cos(x; w), so its length is one more least-squares fit, of one number a row.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.arguments import list_of_texts
from bcos_core.errors import DataError, NotFiniteError, UnsupportedModelError
from bcos_core.families import Step
from bcos_core.model.anatomy import device_of, family_of, types_of
from bcos_core.model.convert import is_bcos
from bcos_core.model.layers import BcosLinear, Linear
from bcos_core.model.normal_equations import NormalEquations
from bcos_core.model.shared_copy import shared_copy
from bcos_core.model.stream import Stream
from bcos_core.model.tensor_store import TensorStore
from bcos_core.progress import Reporter, SilentReporter
from bcos_core.text.encoding import Batch, batches_by_length, collate, encode

# Rows that the lengths of weight rows are fitted on: one number each, so a few thousand are plenty.
LENGTH_FIT_ROWS = 4096

_WAY_OUT = "The weights of the model may be damaged, or too large for float32: copy it anew, or choose another one."


@dataclass(frozen=True)
class CalibrationResult:
    """`cosine` is the mean over tokens of the cosine between the two models' final hidden states, at exponent
    `b`: on `held_out` texts if some were given, on the calibration texts otherwise. `stretch` is how many times
    as long as before each B-cos transform's weight became, by path: |cos|^(B−1) is small, so rows grow to keep
    the size of the outputs. An optimizer whose steps have a length of their own (Adam's do) should make them
    that much longer, or these layers learn that much more slowly than the others."""

    cosine: float
    b: float
    stretch: dict[str, float]
    texts: int
    held_out: int
    seconds: float


@torch.no_grad()
def calibrate(
    converted: PreTrainedModel,
    original: PreTrainedModel,
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    *,
    b: float | None = None,
    ridge: float = 3e-2,
    held_out: Sequence[str] = (),
    max_length: int = 64,
    batch_size: int = 32,
    memory_limit: int = 1 << 30,
    reporter: Reporter | None = None,
) -> CalibrationResult:
    """Refit the weights of `converted` in place so that its hidden states and logits follow those of `original`.

    For the linears of a block in execution order, with X̂ the converted stream's inputs, Y the original's
    outputs and W₀ the pretrained weight, the new weight is the minimum of

        ‖X̂ Wᵀ − Y‖² + λ ‖W − W₀‖²,   λ = ridge · mean(diag(X̂ᵀX̂)),

    solved in float64. For a layer that feeds a residual sum, Y is the original's sum minus the converted
    residual, and each token counts by 1 / the size that a norm divides its sum by: some tokens' sums are a hundred
    times as large as others', and no norm lets that through. Where a norm alone reads the sum, Y also brings what the
    norm's dropped bias brought (`bias_before`). A bias that was kept is taken off Y. At B > 1 each row of a B-cos
    transform is then scaled by γ = ⟨f, y⟩ / ⟨f, f⟩, where f is what the transform gives and y its target.

    Args:
        converted: what `convert(original)` returned.
        texts: unlabelled texts like those of the task; a few hundred are enough.
        b: the exponent to fit for, that of the model if `None`. A model that is to be trained with rising B is
            fitted for the exponent at which training starts.
        held_out: other texts, to measure the cosine on.
        memory_limit: bytes of hidden states kept in memory; the rest goes to a temporary file.

    Raises:
        DataError: no texts.
        NotFiniteError: hidden states of either model that are not finite.
        UnsupportedModelError: `converted` is not a B-cos model, normalises its weights, or its family differs
            from the original's.
    """
    reporter = reporter or SilentReporter()
    family = family_of(converted)
    if not is_bcos(converted) or is_bcos(original) or family is not family_of(original):
        raise UnsupportedModelError("calibrate needs a model, and what convert made of that same model.")
    if converted.config.bcos["normalize_weights"]:
        raise UnsupportedModelError(
            "Calibration fits the length of the weight rows, which normalised weights throw away. "
            "Convert with normalize_weights=False."
        )
    texts, held_out = list_of_texts(texts), list_of_texts(held_out)
    if not texts:
        raise DataError("Calibration needs texts; got none. A few hundred texts of the task are enough.")
    started = time.monotonic()
    b = converted.config.bcos["b"] if b is None else b
    encoded = encode(tokenizer, texts, max_length)
    device = device_of(converted)
    batches = [
        collate(tokenizer, [encoded[i] for i in chosen], device)
        for chosen in batches_by_length([len(text) for text in encoded], batch_size)
    ]
    with TensorStore(memory_limit) as store:
        theirs = Stream(original, family, batches, store, "theirs")
        ours = Stream(converted, family, batches, store, "ours", b=b, teacher=theirs)
        lengths = _lengths(converted)
        for segment, steps in enumerate(ours.segments):
            reporter.progress(segment, len(ours.segments))
            theirs.record(segment)
            for _ in range(ours.rounds(segment)):
                for number, step in enumerate(steps):
                    _fit_step(step, segment, number, ours, batches, store, ridge)
                ours.finish(segment)
        reporter.progress(len(ours.segments), len(ours.segments))
        cosine = _mean(
            [_cosines(ours.final_hidden(i), theirs.final_hidden(i), batch) for i, batch in enumerate(batches)]
        )
    if held_out:
        cosine = hidden_state_cosine(converted, original, held_out, tokenizer, b=b, max_length=max_length)
    stretch = {path: length / lengths[path] for path, length in _lengths(converted).items() if lengths[path]}
    return CalibrationResult(cosine, b, stretch, len(texts), len(held_out), time.monotonic() - started)


@torch.no_grad()
def hidden_state_cosine(
    converted: PreTrainedModel,
    original: PreTrainedModel,
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    *,
    b: float | None = None,
    max_length: int = 64,
    batch_size: int = 32,
) -> float:
    """Mean over all tokens of the cosine between the final hidden states of the two models; the converted one at
    exponent `b`, its own if `None`."""
    settings: dict[str, object] = {"training": False} if b is None else {"training": False, "b": b}
    views = [shared_copy(model, settings).base_model for model in (converted, original)]
    cache = {"use_cache": False} if family_of(converted).decoder else {}
    encoded = encode(tokenizer, texts, max_length)
    cosines = []
    for chosen in batches_by_length([len(text) for text in encoded], batch_size):
        batch = collate(tokenizer, [encoded[i] for i in chosen], device_of(converted))
        ours, theirs = (
            view(
                input_ids=batch.input_ids,
                attention_mask=batch.attention_mask,
                **types_of(view, batch.token_type_ids),
                **cache,
            ).last_hidden_state
            for view in views
        )
        cosines.append(_cosines(ours, theirs, batch))
    return _mean(cosines)


def _lengths(model: nn.Module) -> dict[str, float]:
    """The Frobenius norm of every B-cos transform's weight, by path."""
    layers = {path: module for path, module in model.named_modules() if isinstance(module, BcosLinear)}
    return {path: layer.weight.norm().item() for path, layer in layers.items()}


def _cosines(ours: Tensor, theirs: Tensor, batch: Batch) -> Tensor:
    real = batch.attention_mask.bool()
    return F.cosine_similarity(ours[real], theirs[real], dim=-1)


def _mean(parts: Sequence[Tensor]) -> float:
    """The mean of cosines.

    Raises:
        NotFiniteError: one of them is not finite.
    """
    mean = torch.cat(list(parts)).mean().item()
    if not math.isfinite(mean):
        raise NotFiniteError(
            f"The cosine of the two models' hidden states is {mean}, expected a finite number. {_WAY_OUT}"
        )
    return mean


def _fit_step(
    step: Step,
    segment: int,
    number: int,
    ours: Stream,
    batches: Sequence[Batch],
    store: TensorStore,
    ridge: float,
) -> None:
    """Fit the linears of one step, which share their input."""
    linears = [_checked(ours.linear(segment, path)) for path in step.linears]
    bias, shift = torch.cat([_bias(linear) for linear in linears]), ours.in_place_of_bias(segment, step)
    equations = NormalEquations()
    sample: list[tuple[Tensor, Tensor]] = []
    items = list(ours.items(segment))
    for item in items:
        inputs, rest = ours.step_input(segment, number, item)
        wanted = torch.cat([store[path, *item] for path in step.linears], dim=-1)
        targets = wanted - bias
        if rest is not None:
            size = ours.size(wanted)
            inputs, targets = inputs / size.view(*inputs.shape[:-1], 1), (targets - rest) / size + shift
        if segment < len(ours.segments) - 1:  # blocks see a vector a token, padding included; the head one a text
            real = batches[item[1]].attention_mask.bool()
            inputs, targets = (rows.reshape(*real.shape, -1)[real] for rows in (inputs, targets))
        equations.add(inputs, targets)
        share = -(-LENGTH_FIT_ROWS // len(items))
        sample.append((inputs[:share].clone(), targets[:share].clone()))
    if not equations.finite:
        place = f"block {segment + 1}" if segment < len(ours.segments) - 1 else "the head"
        raise NotFiniteError(
            f"Calibration met numbers that are not finite at {', '.join(step.linears)} of {place}. {_WAY_OUT}"
        )
    fitted = equations.solve(ridge, torch.cat([linear.rows for linear in linears]))
    first = 0
    x, y = (torch.cat(column) for column in zip(*sample, strict=True))
    for linear in linears:
        rows = slice(first, first + len(linear.rows))
        linear.rows.copy_(fitted[rows])
        _fit_lengths(linear, x, y[:, rows])
        first = rows.stop


def _checked(module: nn.Module) -> Linear:
    assert isinstance(module, Linear)  # conversion has made it one
    return module


def _bias(linear: Linear) -> Tensor:
    return linear.rows.new_zeros(len(linear.rows)) if linear.bias is None else linear.bias


def _fit_lengths(linear: Linear, x: Tensor, y: Tensor) -> None:
    """Scale each row of a B-cos transform by γ = ⟨f, y⟩ / ⟨f, f⟩, for x (rows, in), y (rows, out) without the bias."""
    if isinstance(linear, BcosLinear) and linear.b != 1.0:
        f = linear(x) - _bias(linear)
        gain = (f * y).sum(0) / f.square().sum(0)
        # A row that points away from its target, or sees nothing, says nothing about its length.
        linear.rows.mul_(torch.where(gain > 0, gain, torch.ones_like(gain)).unsqueeze(-1))
