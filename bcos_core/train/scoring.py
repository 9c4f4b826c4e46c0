"""Test scores of a trained classifier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.model.classifier import Classifier, predict
from bcos_core.progress import Reporter
from bcos_core.text.tasks import Examples

CHUNK = 256


@dataclass(frozen=True)
class TestScore:
    """Accuracy and macro F1 on `size` test examples, from 0 to 1; `logits` of each, in their order."""

    __test__ = False  # not a test case, whatever its name says to pytest

    accuracy: float
    macro_f1: float
    size: int
    logits: tuple[tuple[float, ...], ...]


def score_on_test(classifier: Classifier, test: Examples, max_length: int, reporter: Reporter) -> TestScore:
    """Predict every test example, cut at `max_length` tokens as in training, and compare with its label."""
    logits: list[tuple[float, ...]] = []
    predicted: list[int] = []
    for start in range(0, len(test), CHUNK):
        chunk = test.texts[start : start + CHUNK]
        found = predict(classifier, chunk, batch_size=64, max_length=max_length)
        predicted += [prediction.index for prediction in found]
        logits += [prediction.logits for prediction in found]
        reporter.progress(len(predicted), len(test))
    return TestScore(
        accuracy=sum(p == y for p, y in zip(predicted, test.labels, strict=True)) / len(test),
        macro_f1=macro_f1(predicted, test.labels, len(classifier.labels)),
        size=len(test),
        logits=tuple(logits),
    )


def macro_f1(predicted: Sequence[int], actual: Sequence[int], classes: int) -> float:
    """The mean over classes of 2 TP / (2 TP + FP + FN); a class that never occurs on either side counts 0."""
    scores = []
    for c in range(classes):
        true_positive = sum(p == c and y == c for p, y in zip(predicted, actual, strict=True))
        mentions = sum(p == c for p in predicted) + sum(y == c for y in actual)
        scores.append(2 * true_positive / mentions if mentions else 0.0)
    return sum(scores) / classes
