"""Test scores of a trained classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bcos_core.model.classifier import Classifier, predict
from bcos_core.progress import Reporter
from bcos_core.tasks.estimates import estimated
from bcos_core.tasks.task_type import Gold
from bcos_core.text.tasks import Examples

CHUNK = 256


@dataclass(frozen=True)
class TestScore:
    """The task's metrics on `size` test examples, by name, with their 95 % `intervals`, where there are such;
    `constant` are those of one answer to every text; `logits` of each example, in their order."""

    __test__ = False  # not a test case, whatever its name says to pytest

    metrics: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    constant: dict[str, float]
    size: int
    logits: tuple[tuple[float, ...], ...]


def score_on_test(
    classifier: Classifier, test: Examples, max_length: int, reporter: Reporter, *, train: Sequence[Gold]
) -> TestScore:
    """Predict every test example, cut at `max_length` tokens as in training, and compare with its label; also the one
    answer to all of them that fits the training examples' gold best."""
    logits: list[tuple[float, ...]] = []
    for start in range(0, len(test), CHUNK):
        chunk = test.texts[start : start + CHUNK]
        found = predict(classifier, chunk, batch_size=64, max_length=max_length)
        logits += [prediction.logits for prediction in found]
        reporter.progress(len(logits), len(test))
    kind = classifier.task_type
    metrics = kind.measure(logits, test.labels)
    golds = kind.array(test.labels, len(classifier.labels))
    estimates = estimated(kind, kind.metrics, np.asarray(logits, dtype=float), golds)
    intervals = {name: (one.low, one.high) for name, one in estimates.items() if one.has_interval}
    constant = kind.measure([kind.constant(train, len(classifier.labels))] * len(test), test.labels)
    return TestScore(metrics, intervals, constant, len(test), tuple(logits))
