"""Calibrated conversion: refit the converted layers, one after another, to the original's function.

Dropping biases breaks a pretrained network: the final hidden states of a converted MiniLM have cosine 0.28
with the original's. Here every linear is refitted by ridge regression, in execution order, on a few hundred
unlabelled texts: inputs from the *converted* stream (so that later layers repair what earlier ones could not),
targets from the *original* one. Both streams advance one block at a time and each linear of the original
runs once per text; what lies between is kept in a `TensorStore` with a memory limit.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from bcos_core.errors import DataError, UnsupportedModelError
from bcos_core.model.convert import is_bcos
from bcos_core.model.families import Family, ResidualLinear, device_of, family_of
from bcos_core.model.gain import measure_typical_cosines
from bcos_core.model.tensor_store import TensorStore
from bcos_core.model.view import shared_copy
from bcos_core.progress import Reporter, SilentReporter
from bcos_core.text.encoding import Batch, batches_by_length, collate, encode


@dataclass(frozen=True)
class CalibrationResult:
    """`cosine` is the mean over tokens of the cosine between the two models' final hidden states, at B = 1:
    on `held_out` texts if some were given, on the calibration texts otherwise."""

    cosine: float
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
    ridge: float = 1e-3,
    held_out: Sequence[str] = (),
    max_length: int = 64,
    batch_size: int = 32,
    memory_limit: int = 1 << 30,
    reporter: Reporter | None = None,
) -> CalibrationResult:
    """Refit the weights of `converted` in place so that its hidden states follow those of `original`.

    For the linears of a block in execution order, with X̂ the converted stream's inputs, Y the original's
    outputs and W₀ the pretrained weight, the new weight is the minimum of

        ‖X̂ Wᵀ − Y‖² + λ ‖W − W₀‖²,   λ = ridge · mean(diag(X̂ᵀX̂)),

    solved in float64, at B = 1. For a layer that feeds a residual sum, Y is the original's sum minus the
    converted residual.

    Args:
        converted: what `convert(original)` returned.
        texts: unlabelled texts like those of the task; a few hundred are enough.
        held_out: other texts, to measure the cosine on.
        memory_limit: bytes of hidden states kept in memory; the rest goes to a temporary file.

    Raises:
        DataError: no texts.
        UnsupportedModelError: `converted` is not a B-cos model, or its family differs from the original's.
    """
    reporter = reporter or SilentReporter()
    family = family_of(converted)
    if not is_bcos(converted) or is_bcos(original) or family is not family_of(original):
        raise UnsupportedModelError("calibrate needs a model, and what convert made of that same model.")
    if not texts:
        raise DataError("Calibration needs texts; got none. A few hundred texts of the task are enough.")
    started = time.monotonic()
    encoded = encode(tokenizer, texts, max_length)
    device = device_of(converted)
    batches = [
        collate(tokenizer, [encoded[i] for i in chosen], device)
        for chosen in batches_by_length([len(text) for text in encoded], batch_size)
    ]
    ours, theirs = _Stream(converted, family), _Stream(original, family)
    with TensorStore(memory_limit) as store:
        for i, batch in enumerate(batches):
            store["ours", i] = ours.start(batch)
            store["theirs", i] = theirs.start(batch)
        for depth in range(ours.depth):
            reporter.progress(depth, ours.depth)
            for i, batch in enumerate(batches):
                store["theirs", i] = theirs.record_block(depth, batch, store, i)
            for stage in family.stages:
                _fit_stage(stage, depth, ours, batches, store, ridge)
            for i, batch in enumerate(batches):
                store["ours", i] = ours.run_block(depth, batch, store["ours", i])
        reporter.progress(ours.depth, ours.depth)
        measure_typical_cosines(converted, batches, converted.config.bcos["b"])
        cosine = _mean([_cosines(store["ours", i], store["theirs", i], batch) for i, batch in enumerate(batches)])
    if held_out:
        cosine = hidden_state_cosine(converted, original, held_out, tokenizer, max_length=max_length)
    return CalibrationResult(cosine, len(texts), len(held_out), time.monotonic() - started)


@torch.no_grad()
def hidden_state_cosine(
    converted: PreTrainedModel,
    original: PreTrainedModel,
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    *,
    max_length: int = 64,
    batch_size: int = 32,
) -> float:
    """Mean over all tokens of the cosine between the final hidden states of the two models, the converted at B = 1."""
    views = [shared_copy(model, {"training": False, "b": 1.0}).base_model for model in (converted, original)]
    encoded = encode(tokenizer, texts, max_length)
    cosines = []
    for chosen in batches_by_length([len(text) for text in encoded], batch_size):
        batch = collate(tokenizer, [encoded[i] for i in chosen], device_of(converted))
        ours, theirs = (
            view(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state for view in views
        )
        cosines.append(_cosines(ours, theirs, batch))
    return _mean(cosines)


def _cosines(ours: Tensor, theirs: Tensor, batch: Batch) -> Tensor:
    real = batch.attention_mask.bool()
    return F.cosine_similarity(ours[real], theirs[real], dim=-1)


def _mean(parts: Sequence[Tensor]) -> float:
    return torch.cat(list(parts)).mean().item()


def _fit_stage(
    stage: tuple[str | ResidualLinear, ...],
    depth: int,
    ours: _Stream,
    batches: Sequence[Batch],
    store: TensorStore,
    ridge: float,
) -> None:
    """Fit the linears of one stage, which share their input, from Gram matrices added up batch by batch."""
    paths = [part if isinstance(part, str) else part.linear for part in stage]
    linears = [ours.blocks[depth].get_submodule(path) for path in paths]
    gram: Tensor | float = 0.0
    cross: Tensor | float = 0.0
    for i, batch in enumerate(batches):
        real = batch.attention_mask.bool()
        inputs, residual = ours.stage_input(depth, stage, batch, store["ours", i])
        targets = torch.cat([store[path, i] for path in paths], dim=-1)
        if residual is not None:
            targets = targets - residual
        x, y = inputs[real], targets[real]
        gram = gram + (x.t() @ x).double()
        cross = cross + (x.t() @ y).double()
    assert isinstance(gram, Tensor)
    weight = torch.cat([linear.weight for linear in linears])  # type: ignore[misc]
    strength = ridge * gram.diagonal().mean()
    gram.diagonal().add_(strength)
    solution = torch.linalg.solve(gram, cross + strength * weight.t().double()).t()
    for linear, rows in zip(linears, solution.split([len(linear.weight) for linear in linears]), strict=True):  # type: ignore[arg-type]
        linear.weight.copy_(rows)  # type: ignore[operator]


class _Stream:
    """One model, advanced a block at a time, at B = 1, in evaluation mode, on copies that share its weights."""

    def __init__(self, model: PreTrainedModel, family: Family) -> None:
        self._model = shared_copy(model, {"training": False, "b": 1.0})
        self._family = family
        blocks = self._model.get_submodule(family.blocks)
        assert isinstance(blocks, nn.ModuleList)
        self.blocks: list[nn.Module] = list(blocks)
        self.depth = len(self.blocks)
        blocks[0] = _Stop()  # the model up to its first block

    def start(self, batch: Batch) -> Tensor:
        """The hidden states before the first block, (batch, tokens, hidden)."""
        return self._first_call(batch)[0][0]

    def _first_call(self, batch: Batch) -> tuple[tuple[Any, ...], dict[str, Any]]:
        try:
            self._model(input_ids=batch.input_ids, attention_mask=batch.attention_mask)
        except _Reached as reached:
            return reached.args_, reached.kwargs
        raise UnsupportedModelError(f"{self._family.blocks} of {type(self._model).__name__} is never called.")

    def run_block(self, depth: int, batch: Batch, hidden: Tensor, block: nn.Module | None = None) -> Tensor:
        """The block's output for `hidden`, with the other arguments (masks) that the model gives its blocks."""
        args, kwargs = self._first_call(batch)
        output = (block or self.blocks[depth])(hidden, *args[1:], **kwargs)
        return output[0] if isinstance(output, tuple) else output

    def record_block(self, depth: int, batch: Batch, store: TensorStore, i: int) -> Tensor:
        """Run a block of the original; keep each linear's output, or the sum that it feeds, under its path."""
        block = shared_copy(self.blocks[depth], {})
        recorders: dict[str, _Recorder] = {}
        for part in (part for stage in self._family.stages for part in stage):
            path = part if isinstance(part, str) else part.sum_input_of
            recorder = _Recorder(block.get_submodule(path), keep_input=not isinstance(part, str))
            block.set_submodule(path, recorder)
            recorders[part if isinstance(part, str) else part.linear] = recorder
        output = self.run_block(depth, batch, store["theirs", i], block)
        for path, recorder in recorders.items():
            assert recorder.kept is not None
            store[path, i] = recorder.kept
        return output

    def stage_input(
        self, depth: int, stage: tuple[str | ResidualLinear, ...], batch: Batch, hidden: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """The input of a stage's linears and, where they feed a residual sum, the rest of that sum."""
        block = shared_copy(self.blocks[depth], {})
        silenced: _Silenced | None = None
        for part in stage:
            if isinstance(part, str):
                block.set_submodule(part, _Stop())
            else:  # with the linear silenced, the sum is the residual
                silenced = _Silenced(block.get_submodule(part.linear))
                block.set_submodule(part.linear, silenced)
                block.set_submodule(part.sum_input_of, _Stop())
        try:
            self.run_block(depth, batch, hidden, block)
        except _Reached as reached:
            reached_input = reached.args_[0]
            if silenced is None:
                return reached_input, None
            assert silenced.kept is not None
            return silenced.kept, reached_input
        raise UnsupportedModelError(f"No part of {stage} is called in block {depth}.")


class _Reached(Exception):
    """Carries a module's arguments out of a forward pass that need not go on."""

    def __init__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.args_, self.kwargs = args, kwargs


class _Stop(nn.Module):
    """Ends the forward pass where it stands."""

    def forward(self, *args: Any, **kwargs: Any) -> Tensor:
        raise _Reached(args, kwargs)


class _Recorder(nn.Module):
    """Does what `inner` does and keeps its input or its output."""

    def __init__(self, inner: nn.Module, *, keep_input: bool) -> None:
        super().__init__()
        self.inner, self.keep_input = inner, keep_input
        self.kept: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        output = self.inner(x)
        self.kept = x if self.keep_input else output
        return output


class _Silenced(nn.Module):
    """Keeps its input and gives zeros in the shape of the linear's output."""

    def __init__(self, linear: nn.Module) -> None:
        super().__init__()
        self.width = len(linear.weight)  # type: ignore[arg-type]
        self.kept: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        self.kept = x
        return x.new_zeros(*x.shape[:-1], self.width)
