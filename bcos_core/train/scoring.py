"""Test scores of a trained classifier."""

from __future__ import annotations

from dataclasses import dataclass

from bcos_core.model.classifier import Classifier, predict
from bcos_core.progress import Reporter
from bcos_core.text.tasks import Examples

CHUNK = 256


@dataclass(frozen=True)
class TestScore:
    """The task's metrics on `size` test examples, by name; `logits` of each, in their order."""

    __test__ = False  # not a test case, whatever its name says to pytest

    metrics: dict[str, float]
    size: int
    logits: tuple[tuple[float, ...], ...]


def score_on_test(classifier: Classifier, test: Examples, max_length: int, reporter: Reporter) -> TestScore:
    """Predict every test example, cut at `max_length` tokens as in training, and compare with its label."""
    logits: list[tuple[float, ...]] = []
    for start in range(0, len(test), CHUNK):
        chunk = test.texts[start : start + CHUNK]
        found = predict(classifier, chunk, batch_size=64, max_length=max_length)
        logits += [prediction.logits for prediction in found]
        reporter.progress(len(logits), len(test))
    return TestScore(classifier.task_type.measure(logits, test.labels), len(test), tuple(logits))
