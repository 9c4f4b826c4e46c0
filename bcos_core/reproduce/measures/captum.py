"""Post-hoc methods in batches beside captum called plainly, one text at a time.

Both run in turn on a few texts at a time, so that what else the machine does meets both.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import torch
from captum.attr import FeatureAblation, IntegratedGradients
from torch import Tensor

from bcos_core.attribution.api import explain
from bcos_core.model.classifier import Classifier, wrap
from bcos_core.reproduce.figure import Found
from bcos_core.reproduce.measure import Bench
from bcos_core.reproduce.ours import MEASURES

TARGET = 1
PORTION = 4
"""Texts."""


def against_captum(bench: Bench) -> Iterator[Found]:
    """Our time over captum's on sentences of mixed length, and the largest difference of a score."""
    subjects, places = bench.subjects, MEASURES["against_captum"].places
    classifier = wrap(subjects.conventional, subjects.tokenizer, labels=subjects.data.labels, name="bench")
    texts = list(subjects.data.test.texts[: bench.effort.beside_captum])
    for method, plain in (("integrated_gradients", _integrated_gradients), ("occlusion", _occlusion)):
        explain(classifier, texts[:PORTION], method=method, target=TARGET)  # the first run pays for what comes once
        plain(classifier, texts[0])
        ratios, worst = [], 0.0
        for first in range(0, len(texts), PORTION):
            some = texts[first : first + PORTION]
            started = time.perf_counter()
            ours = explain(classifier, some, method=method, target=TARGET)
            middle = time.perf_counter()
            theirs = [plain(classifier, text) for text in some]
            ratios.append((middle - started) / (time.perf_counter() - middle))
            for record, scores in zip(ours, theirs, strict=True):
                worst = max(worst, (torch.tensor(record.scores) - scores).abs().max().item())
        yield places[f"{method}_ours_over_captum_time"].median(ratios, f"portions of {PORTION} texts")
        yield places[f"{method}_captum_difference_worst"].alone(worst, len(texts), "texts")


def _integrated_gradients(classifier: Classifier, text: str) -> Tensor:
    ids, masked = _ids(classifier, text)
    embed = classifier.model.get_submodule("bert.embeddings")

    def forward(given: Tensor) -> Tensor:
        hook = embed.register_forward_hook(lambda *_: given)
        try:
            return classifier.model(input_ids=ids.expand(len(given), -1)).logits
        finally:
            hook.remove()

    found = IntegratedGradients(forward).attribute(
        embed(ids).detach(), baselines=embed(masked).detach(), target=TARGET, n_steps=50
    )
    return found.detach().sum(-1)[0]


def _occlusion(classifier: Classifier, text: str) -> Tensor:
    ids, masked = _ids(classifier, text)

    def forward(given: Tensor) -> Tensor:
        return classifier.model(input_ids=given).logits[:, TARGET]

    with torch.no_grad():
        return FeatureAblation(forward).attribute(ids, baselines=masked)[0]


def _ids(classifier: Classifier, text: str) -> tuple[Tensor, Tensor]:
    ids = classifier.tokenizer(text, return_tensors="pt", truncation=True, max_length=classifier.max_length).input_ids
    masked = ids.clone()
    masked[0, 1:-1] = classifier.tokenizer.mask_token_id
    return ids, masked
