"""Single-label classification: one class out of several is right."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.task_type import Gold, LinearModel, Mark, Metric, Scale, TaskType
from bcos_core.text.labels import class_names, label_names

if TYPE_CHECKING:
    from torch import Tensor


class SingleLabel(TaskType):
    name = "single-label"
    title = "One label"
    description = "Each text has one label out of several."
    problem_type = "single_label_classification"
    metrics = (Metric("accuracy", "Accuracy"), Metric("macro_f1", "Macro F1"))
    exclusive = True
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

    def loss(self, logits: Tensor, targets: Tensor, *, bcos: bool) -> Tensor:
        """Binary cross-entropy on one-hot targets for a B-cos model (arXiv 2502.12992 §3.3), else cross-entropy."""
        import torch.nn.functional as F

        if bcos:
            return F.binary_cross_entropy_with_logits(logits, F.one_hot(targets, logits.shape[1]).to(logits.dtype))
        return F.cross_entropy(logits, targets)

    def linear_model(self, features: Any, golds: Sequence[Gold], outputs: int) -> LinearModel:
        """Logistic regression."""
        import numpy as np
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
        return f"{prediction.label} ({prediction.probabilities[prediction.index]:.2f})"

    def measure(self, logits: Sequence[Sequence[float]], golds: Sequence[Gold]) -> dict[str, float]:
        predicted = [max(range(len(row)), key=row.__getitem__) for row in logits]
        right = sum(answer == gold for answer, gold in zip(predicted, golds, strict=True))
        actual: Sequence[int] = golds  # type: ignore[assignment]
        return {"accuracy": right / len(golds), "macro_f1": macro_f1(predicted, actual, len(logits[0]))}


def softmax(logits: Sequence[float]) -> tuple[float, ...]:
    """exp(z_c) / Σ exp(z)."""
    largest = max(logits)
    powers = [math.exp(logit - largest) for logit in logits]
    total = sum(powers)
    return tuple(power / total for power in powers)


def macro_f1(predicted: Sequence[int], actual: Sequence[int], classes: int) -> float:
    """The mean over classes of their F1; a class that never occurs on either side counts 0."""
    scores = [f1_of([p == c for p in predicted], [y == c for y in actual]) for c in range(classes)]
    return sum(scores) / classes


def f1_of(predicted: Sequence[bool], actual: Sequence[bool]) -> float:
    """2 TP / (2 TP + FP + FN); 0 for what occurs on neither side."""
    true_positive = sum(p and a for p, a in zip(predicted, actual, strict=True))
    mentions = sum(predicted) + sum(actual)
    return 2 * true_positive / mentions if mentions else 0.0
