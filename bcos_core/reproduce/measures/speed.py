"""Times: of a training step over a conventional one's, and of a new sentence on a page."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator

import torch

from bcos_core.allocator import memory_kept
from bcos_core.attribution.api import explain
from bcos_core.model.convert import convert, set_b
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.measures.subjects import Subjects
from bcos_core.reproduce.ours import MEASURES
from bcos_core.tasks.single_label import SingleLabel

IN_THE_RAMP, FULL = 1.3, 1.5
"""Where the power of the B-cos product is not a square root, and where it is."""
FOUR_METHODS = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient")
SENTENCE = (
    "The film is a charming and often moving portrait of a family that never falls into easy sentiment, "
    "even when its last act loses some of its nerve"
)


def paired(first: Callable[[], object], second: Callable[[], object], repeats: int) -> list[float]:
    """The time of `first` over that of `second`, run in turn, for each repetition; both are warm."""
    first(), second()
    ratios = []
    for _ in range(repeats):
        started = time.perf_counter()
        first()
        middle = time.perf_counter()
        second()
        ratios.append((middle - started) / (time.perf_counter() - middle))
    return ratios


def training_speed(bench: Bench) -> Iterator[Found]:
    """Forward, backward, clipping and update of 16 texts, under what a training has: B-cos layers multiply by
    `bcos_core.model.product`, the conventional ones as PyTorch does."""
    subjects, places = bench.subjects, MEASURES["training_speed"].places
    converted = convert(subjects.conventional, b=FULL)
    conventional = copy.deepcopy(subjects.conventional)  # the shared one stays in evaluation mode
    for b in (IN_THE_RAMP, FULL):
        set_b(converted, b)
        ours, theirs = _step(converted, subjects, bcos=True), _step(conventional, subjects, bcos=False)
        with memory_kept():
            ratios = [1 / ratio for ratio in paired(ours, theirs, bench.effort.repeats)]
        yield places[f"training_speed_ratio_b_{b}"].median(ratios, "repetitions")


def page_latency(bench: Bench) -> Iterator[Found]:
    """Warm, one text: the first of four methods, and all of them one after another."""
    classifier, places = bench.subjects.classifier, MEASURES["page_latency"].places
    for method in FOUR_METHODS:
        explain(classifier, "a first sentence to warm up", method=method)
    first, all_four = [], []
    for _ in range(bench.effort.repeats):
        started = time.perf_counter()
        explain(classifier, SENTENCE)
        first.append(time.perf_counter() - started)
        for method in FOUR_METHODS[1:]:
            explain(classifier, SENTENCE, method=method)
        all_four.append(time.perf_counter() - started)
    yield places["seconds_bcos_sentence"].median(first, "repetitions")
    yield places["seconds_four_methods_sentence"].median(all_four, "repetitions")


def _step(model: torch.nn.Module, subjects: Subjects, *, bcos: bool) -> Callable[[], object]:
    batch, kind = subjects.batch(16), SingleLabel()
    labels, loss = torch.tensor(subjects.data.test.labels[:16]), kind.usual_loss(bcos=bcos)
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)  # as Trainer has it

    def step() -> None:
        logits = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
        kind.loss(logits, labels, name=loss).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()

    return step
