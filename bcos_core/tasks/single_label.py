"""Single-label classification: one class out of several is right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bcos_core.numbers import probability
from bcos_core.tasks.prediction import Prediction, Statement
from bcos_core.tasks.task_type import (
    BINARY,
    CROSS_ENTROPY,
    Array,
    Gold,
    LinearModel,
    Mark,
    Metric,
    Scale,
    TaskType,
)
from bcos_core.text.labels import class_names, label_names

if TYPE_CHECKING:
    from torch import Tensor


class SingleLabel(TaskType):
    name = "single-label"
    title = "One label"
    description = "Each text has one label out of several."
    problem_type = "single_label_classification"
    metrics = (Metric("accuracy", "Accuracy", proportion=True), Metric("macro_f1", "Macro F1"))
    each_metric = metrics[0]
    agreements = (Metric("accuracy", "Same answer", proportion=True),)
    apart = Metric("sureness", "Both at least this sure")
    exclusive = True
    target_tells = True
    read_colours = (
        "A language model has read each text and has given an answer. Coloured words show what an explanation says "
        "about that answer: blue words speak for it, orange words against it, and stronger colour means more weight."
    )
    guess_colours = (
        "A language model has read each text and has given an answer, which you do not see. Guess it: first from the "
        "text alone, then with coloured words. Blue words speak for the model's answer, whatever it was, orange words "
        "against it."
    )
    measures = ("softmax", "sigmoid")

    def marks(self, values: Sequence[object], column: str, *, separator: str | None = None) -> list[Mark | None]:
        return [name or None for name in label_names(values, column)]

    def labels(self, marks: Sequence[Mark], column: str, declared: Sequence[str] = ()) -> tuple[str, ...]:
        seen = {str(mark) for mark in marks}
        ordered = tuple(name for name in declared if name in seen)
        return ordered if len(ordered) > 1 and len(ordered) == len(seen) else class_names(seen, column)

    def gold(self, mark: Mark, labels: Sequence[str]) -> Gold | None:
        return labels.index(str(mark)) if mark in labels else None

    def strata(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[int]:
        return [int(gold) for gold in golds]  # type: ignore[arg-type]

    def require_sides(self, sides: Mapping[str, Sequence[Gold]], labels: Sequence[str]) -> None:
        """The split has made sure of it, class by class."""

    def word(self, gold: Gold, labels: Sequence[str]) -> str:
        return labels[gold]  # type: ignore[index]

    def tensor(self, golds: Sequence[Gold], labels: int, scale: Scale) -> Tensor:
        """(batch,), class numbers."""
        import torch

        return torch.tensor(golds, dtype=torch.long)

    losses = (BINARY, CROSS_ENTROPY)

    def usual_loss(self, *, bcos: bool) -> str:
        """Binary cross-entropy for a B-cos model (arXiv 2502.12992 §3.3), else cross-entropy."""
        return BINARY if bcos else CROSS_ENTROPY

    def loss(self, logits: Tensor, targets: Tensor, *, name: str) -> Tensor:
        """Binary cross-entropy is on one-hot targets."""
        import torch.nn.functional as F

        if name == CROSS_ENTROPY:
            return F.cross_entropy(logits, targets)
        return F.binary_cross_entropy_with_logits(logits, F.one_hot(targets, logits.shape[1]).to(logits.dtype))

    def constant(self, golds: Sequence[Gold], outputs: int) -> list[float]:
        """For the most frequent class, of several the first."""
        frequent = np.bincount(self.array(golds, outputs), minlength=outputs).argmax()
        return [float(output == frequent) for output in range(outputs)]

    def linear_model(self, features: Any, golds: Sequence[Gold], outputs: int) -> LinearModel:
        """Logistic regression."""
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1.0, max_iter=1000).fit(features, golds)
        if outputs == 2:  # scikit-learn keeps the weights of the second class; the first has their opposite
            half = model.coef_[0] / 2, model.intercept_[0] / 2
            return LinearModel(np.stack([-half[0], half[0]]), np.array([-half[1], half[1]]))
        return LinearModel(model.coef_, model.intercept_)

    def prediction(self, logits: Sequence[float], labels: Sequence[str]) -> Prediction:
        index = max(range(len(logits)), key=logits.__getitem__)
        return Prediction(tuple(logits), softmax(logits), index, labels[index])

    def answer(self, prediction: Prediction) -> str:
        return f"{prediction.label} ({probability(prediction.probabilities[prediction.index])})"

    def statement(self, prediction: Prediction, labels: Sequence[str], index: int) -> Statement:
        """The class, whichever output is looked at."""
        return Statement(prediction.label, prediction.label, prediction.probabilities[prediction.index])

    def guesses(self, labels: Sequence[str], target: str = "") -> dict[str, str]:
        return {label: label for label in labels}

    def probability_of(self, guess: str, prediction: Prediction, labels: Sequence[str], index: int) -> float:
        return prediction.probabilities[labels.index(guess)]

    def is_right(self, prediction: Prediction, index: int, gold: Gold) -> bool | None:
        return prediction.index == gold

    def certain(self, prediction: Prediction, gold: Gold, least: float) -> tuple[frozenset[int], frozenset[int]]:
        if prediction.index != gold or prediction.probabilities[prediction.index] <= least:
            return frozenset(), frozenset()
        has = frozenset({prediction.index})
        return has, frozenset(range(len(prediction.probabilities))) - has

    def read(self, word: str, labels: Sequence[str]) -> Gold | None:
        return self.gold(word, labels)

    def bands(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[str]:
        return [self.word(gold, labels) for gold in golds]

    def array(self, golds: Sequence[Gold], outputs: int) -> Array:
        return np.asarray(golds, dtype=int)

    def answers(self, logits: Array) -> Array:
        return logits.argmax(1)

    def named(self, answers: Array, outputs: int) -> NDArray[np.bool_]:
        return answers[:, None] == np.arange(outputs)

    def each_text(self, logits: Array, golds: Array) -> Array:
        """1 for a right answer, 0 for a wrong one."""
        return (self.answers(logits) == golds).astype(float)

    def distances(self, first: Array, second: Array) -> Array:
        """The smaller one of the two answers' softmax probabilities."""
        sure = np.minimum(_largest_probability(first), _largest_probability(second))
        return np.where(self.answers(first) == self.answers(second), 0.0, sure)

    def figures(self, logits: Array, golds: Array) -> dict[str, float]:
        accuracy = float(self.each_text(logits, golds).mean())
        return {"accuracy": accuracy, "macro_f1": macro_f1(self.answers(logits), golds, logits.shape[1])}


def softmax(logits: Sequence[float]) -> tuple[float, ...]:
    """exp(z_c) / Σ exp(z)."""
    largest = max(logits)
    powers = [math.exp(logit - largest) for logit in logits]
    total = sum(powers)
    return tuple(power / total for power in powers)


def macro_f1(predicted: Array, actual: Array, classes: int) -> float:
    """The mean over classes of their F1; a class that never occurs on either side counts 0."""
    hits = np.bincount(actual[predicted == actual], minlength=classes)
    mentions = np.bincount(predicted, minlength=classes) + np.bincount(actual, minlength=classes)
    return float(f1(hits, mentions).mean())


def f1(hits: Array, mentions: Array) -> Array:
    """2 TP / (2 TP + FP + FN), of TP `hits` and TP + FP + TP + FN `mentions`; 0 for what is not mentioned."""
    return np.divide(2 * hits, mentions, out=np.zeros(np.shape(hits)), where=mentions > 0)


def _largest_probability(logits: Array) -> Array:
    """max softmax = 1 / Σ exp(z_c − max z), (texts,)."""
    return 1 / np.exp(logits - logits.max(1, keepdims=True)).sum(1)
