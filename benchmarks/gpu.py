"""`python -m benchmarks gpu`: what holds on a GPU, of shapes with random weights: no figure here asks for training.

Time is that of the device: the kernels of one run have ended when the next begins.
"""

from __future__ import annotations

import copy
import functools
import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedModel

from bcos_core import convert
from bcos_core.model.auto import AutoModelForSequenceClassification
from bcos_core.model.contributions import contributions
from bcos_core.model.view import ModelView
from bcos_core.reproduce.measures.speed import paired
from bcos_core.tasks.single_label import SingleLabel
from benchmarks.memory import LLAMAS

Figures = dict[str, float]
DEVICE = torch.device("cuda")
TOKENS = 64
BATCHES = (1, 32, 256)
COMPLETENESS_TEXTS = 64
REPEATS = 15


@dataclass(frozen=True)
class Shape:
    """A size of a real model: its type, its settings, the exponent B that its family is trained with, and the number
    formats in which it is measured."""

    name: str
    model_type: str
    settings: dict[str, Any]
    b: float
    formats: tuple[torch.dtype, ...] = (torch.float32, torch.bfloat16)


SHAPES = (
    Shape(
        "minilm",
        "bert",
        {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536},
        b=1.5,
    ),
    Shape("bert_base", "bert", {}, b=1.5),
    Shape("llama_1b", "llama", LLAMAS["llama_1b"], b=1.1),
)


def measure(shape: Shape) -> Figures:
    """A shape in every number format."""
    found: Figures = {}
    for dtype in shape.formats:
        found |= _in_format(shape, dtype)
        gc.collect()
        torch.cuda.empty_cache()
    return found


def _in_format(shape: Shape, dtype: torch.dtype) -> Figures:
    prefix = f"gpu_{shape.name}_{'fp32' if dtype is torch.float32 else 'bf16'}"
    conventional = _model(shape, dtype)
    found: Figures = {}
    if dtype is torch.float32:
        found[f"gpu_{shape.name}_training_speed_ratio_bf16_autocast"] = _training_ratio(conventional, shape.b)
    model = convert(conventional, b=shape.b, in_place=True).eval()
    view = ModelView(model, explanation_mode=True)
    found[f"{prefix}_completeness_worst"] = _completeness(view, model.config.vocab_size)
    for size in BATCHES:
        ids, mask = _batch(model.config.vocab_size, size)
        plain = ModelView(model)
        forward = _to_the_end(functools.partial(plain.predict, ids, mask))
        heatmap = _to_the_end(functools.partial(_heatmap, view, ids, mask))
        name = f"{prefix}_batch_{size}"
        found[f"{name}_heatmap_over_forward_time"] = statistics.median(paired(heatmap, forward, REPEATS))
        found[f"{name}_heatmap_seconds"] = seconds(heatmap)
        found[f"{name}_heatmap_over_forward_peak_memory"] = _growth(heatmap) / max(1, _growth(forward))
        found[f"{name}_heatmap_peak_memory_gib"] = _growth(heatmap) / 2**30
    return found


def _model(shape: Shape, dtype: torch.dtype) -> PreTrainedModel:
    config = AutoConfig.for_model(shape.model_type, num_labels=2, **shape.settings)
    torch.manual_seed(0)
    with DEVICE:
        model: PreTrainedModel = AutoModelForSequenceClassification.from_config(config)
    return model.to(dtype).eval()  # type: ignore[arg-type]


def _batch(vocabulary: int, size: int, tokens: int = TOKENS) -> tuple[Tensor, Tensor]:
    """Random ids and a mask of ones, both (size, tokens)."""
    ids = torch.randint(1000, min(vocabulary, 30_000), (size, tokens), device=DEVICE)
    return ids, torch.ones_like(ids)


def _heatmap(view: ModelView, ids: Tensor, mask: Tensor) -> Tensor:
    return contributions(view, ids, mask, _first).scores


def _first(logits: Tensor) -> Tensor:
    return logits[:, 0]


def _completeness(view: ModelView, vocabulary: int) -> float:
    """Largest |Σ contributions − logit| / max(1, |logit|), without and with a reference."""
    ids, mask = _batch(vocabulary, COMPLETENESS_TEXTS)
    worst = 0.0
    for reference in (None, 999):
        found = contributions(view, ids, mask, _first, reference_id=reference)
        logits = found.logits[:, 0].double()
        errors = (found.scores.sum(1) + found.reference_share - logits).abs() / logits.abs().clamp_min(1)
        worst = max(worst, errors.max().item())
    return worst


def _training_ratio(conventional: PreTrainedModel, b: float, size: int = 32) -> float:
    """Steps a second (forward, backward, clipping, update; bf16 autocast, as training has it on a GPU) of the B-cos
    model over the conventional one's."""
    ids, mask = _batch(conventional.config.vocab_size, size)
    labels = torch.randint(0, 2, (size,), device=DEVICE)

    def step_of(model: nn.Module, *, bcos: bool) -> Callable[[], object]:
        model.train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)

        kind = SingleLabel()

        def step() -> None:
            with torch.autocast("cuda", torch.bfloat16):
                logits = model(input_ids=ids, attention_mask=mask).logits
            kind.loss(logits.float(), labels, name=kind.usual_loss(bcos=bcos)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()

        return _to_the_end(step)

    bcos = step_of(convert(conventional, b=b), bcos=True)
    return 1 / statistics.median(paired(bcos, step_of(copy.deepcopy(conventional), bcos=False), REPEATS))


def _to_the_end(work: Callable[[], object]) -> Callable[[], None]:
    """The same, over when the device has done it."""

    def whole() -> None:
        work()
        torch.cuda.synchronize()

    return whole


def seconds(work: Callable[[], object], repeats: int = 10) -> float:
    """Median time."""
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _growth(work: Callable[[], object]) -> int:
    """Bytes by which the device's memory in use grows at its peak."""
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    work()
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated() - before
