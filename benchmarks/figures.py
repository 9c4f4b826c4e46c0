"""One function per figure; each gives numbers by name."""

from __future__ import annotations

import copy
import gc
import statistics
import time
from collections.abc import Callable

import psutil
import torch

from bcos_core import calibrate, convert, explain
from bcos_core.attribution.bcos import bcos
from bcos_core.attribution.interface import MethodInput
from bcos_core.attribution.record import Target
from bcos_core.model.calibrate import hidden_state_cosine
from bcos_core.model.classifier import wrap
from bcos_core.model.contributions import contributions
from bcos_core.model.convert import set_b
from bcos_core.model.view import ModelView
from bcos_core.tasks.single_label import SingleLabel
from bcos_core.text.encoding import Encoded, collate, encode
from benchmarks.memory import peak_growth
from benchmarks.subjects import Subjects

Figures = dict[str, float]
SENTENCE = (
    "The film is a charming and often moving portrait of a family that never falls into easy sentiment, "
    "even when its last act loses some of its nerve"
)


def paired(first: Callable[[], object], second: Callable[[], object], repeats: int) -> float:
    """Median over pairs, run in turn, of the time of `first` over that of `second`."""
    first(), second()
    ratios = []
    for _ in range(repeats):
        started = time.perf_counter()
        first()
        middle = time.perf_counter()
        second()
        ratios.append((middle - started) / (time.perf_counter() - middle))
    return statistics.median(ratios)


def completeness(subjects: Subjects) -> Figures:
    """Largest |Σ contributions − logit| / max(1, |logit|) over texts of 1 to 512 tokens, both references.

    The model is calibrated and its untrained head made long, so that logits have the size of a trained one's.
    """
    worst = 0.0
    model = convert(subjects.conventional, b=1.5)
    calibrate(model, subjects.conventional, subjects.data.train.texts[:64], subjects.tokenizer)
    batch = subjects.batch(32)
    with torch.no_grad():
        size = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits.abs().mean()
        model.get_parameter("classifier.weight").mul_(3 / size)
    classifier = wrap(model, subjects.tokenizer, labels=subjects.data.labels, name="bench")
    texts = ["film", *subjects.data.test.texts[:20], "a fine film " * 30, "a fine film " * 200]
    for reference in ("none", "mask"):
        for record in explain(classifier, texts, reference=reference):
            worst = max(worst, record.completeness_error / max(1.0, abs(record.logit)))
    return {"completeness_error_worst": worst}


def padding(subjects: Subjects) -> Figures:
    """Largest difference between one text alone and the same text in a padded batch."""
    view = ModelView(subjects.bcos, explanation_mode=True)
    encoded = encode(subjects.tokenizer, subjects.data.test.texts[:16], 64)

    def scores(texts: list[Encoded]) -> torch.Tensor:
        batch = collate(subjects.tokenizer, texts)
        return contributions(view, batch.input_ids, batch.attention_mask, lambda logits: logits[:, 0]).scores

    together = scores(encoded)
    worst = max((together[i, : len(text)] - scores([text])[0]).abs().max().item() for i, text in enumerate(encoded))
    return {"padding_difference_worst": worst}


def heatmap_cost(subjects: Subjects) -> Figures:
    """Time and peak memory of a B-cos heatmap over those of a plain forward pass of the same model."""
    figures = {}
    classifier = subjects.classifier
    for size, repeats in ((32, 15), (1, 40)):
        batch = subjects.batch(size)

        def forward(batch=batch) -> None:  # type: ignore[no-untyped-def]
            with torch.no_grad():
                subjects.bcos(input_ids=batch.input_ids, attention_mask=batch.attention_mask)

        def heatmap(batch=batch) -> None:  # type: ignore[no-untyped-def]
            bcos(MethodInput(classifier, batch, Target(0, "negative"), "none"))

        figures[f"heatmap_over_forward_time_batch_{size}"] = paired(heatmap, forward, repeats)
    figures["heatmap_over_forward_peak_memory_batch_32"] = peak_growth("heatmap") / max(1, peak_growth("forward"))
    return figures


def calibration(subjects: Subjects) -> Figures:
    """Calibration on 512 texts of at most 64 tokens: seconds, cosine on held-out texts, peak memory."""
    figures: Figures = {}
    for b in (1.0, 1.5):
        converted = convert(subjects.conventional, b=b)
        texts, held_out = subjects.data.train.texts[:512], subjects.data.validation.texts[:200]
        result = calibrate(converted, subjects.conventional, texts, subjects.tokenizer)
        cosine = hidden_state_cosine(converted, subjects.conventional, held_out, subjects.tokenizer)
        figures |= {f"calibration_seconds_512_texts_b_{b}": result.seconds, f"calibration_cosine_b_{b}": cosine}
    return figures | {"calibration_peak_memory_gib": peak_growth("calibrate") / 2**30}


def training_speed(subjects: Subjects) -> Figures:
    """Examples per second of a B-cos training step (forward, backward, update) over a conventional one."""
    batch = subjects.batch(16)
    labels, kind = torch.tensor(subjects.data.test.labels[:16]), SingleLabel()

    def step_of(model: torch.nn.Module, *, bcos: bool) -> Callable[[], object]:
        model.train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)  # as Trainer has it

        def step() -> None:
            logits = model(input_ids=batch.input_ids, attention_mask=batch.attention_mask).logits
            kind.loss(logits, labels, name=kind.usual_loss(bcos=bcos)).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()

        return step

    converted = convert(subjects.conventional, b=1.5)
    conventional = copy.deepcopy(subjects.conventional)  # the shared one stays in evaluation mode
    set_b(converted, 1.3)  # inside the ramp, where the power is not a square root
    ramp = 1 / paired(step_of(converted, bcos=True), step_of(conventional, bcos=False), 12)
    set_b(converted, 1.5)
    full = 1 / paired(step_of(converted, bcos=True), step_of(conventional, bcos=False), 12)
    return {"training_speed_ratio_b_1.3": ramp, "training_speed_ratio_b_1.5": full}


def page_latency(subjects: Subjects) -> Figures:
    """Seconds for a new sentence of 25 words, warm: the B-cos heatmap, and all four methods one after another."""
    classifier = subjects.classifier
    methods = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient")
    for method in methods:
        explain(classifier, "a first sentence to warm up", method=method)
    started = time.perf_counter()
    explain(classifier, SENTENCE)
    first = time.perf_counter() - started
    for method in methods[1:]:
        explain(classifier, SENTENCE, method=method)
    return {"seconds_bcos_sentence": first, "seconds_four_methods_sentence": time.perf_counter() - started}


def memory_growth(subjects: Subjects) -> Figures:
    """Growth of resident memory over 500 explanations in a row, in MB."""
    classifier, texts = subjects.classifier, subjects.data.test.texts
    for text in texts[:50]:
        explain(classifier, text)
    gc.collect()
    before = psutil.Process().memory_info().rss
    for i in range(500):
        explain(classifier, texts[i % len(texts)])
    gc.collect()
    return {"resident_growth_mb_500_explanations": (psutil.Process().memory_info().rss - before) / 1e6}


QUICK = (completeness, padding, heatmap_cost, calibration, training_speed, page_latency, memory_growth)
