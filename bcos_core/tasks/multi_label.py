"""Multi-label classification: each label is right or wrong by itself; several may be right at once, or none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bcos_core.errors import DataError
from bcos_core.tasks.prediction import Prediction
from bcos_core.tasks.single_label import f1_of
from bcos_core.tasks.task_type import Gold, LinearModel, Mark, Metric, Scale, TaskType
from bcos_core.text.labels import class_names, label_names

if TYPE_CHECKING:
    from torch import Tensor

THRESHOLD = 0.5
"""The probability from which on a label is given: where its logit is 0."""
LEAST_TEXTS = 2
"""Of each label, on every side: without one, its F1 is 0 or undefined by luck."""
NONE = "no label"


class MultiLabel(TaskType):
    name = "multi-label"
    title = "Several labels"
    description = "Each text has any number of labels, also none. They are a list, or stand in one cell."
    problem_type = "multi_label_classification"
    metrics = (Metric("micro_f1", "Micro F1"), Metric("macro_f1", "Macro F1"), Metric("exact", "All labels right"))
    measures = ("sigmoid",)
    output, outputs = "label", "labels"

    def marks(self, values: Sequence[object], column: str, *, separator: str | None = None) -> list[Mark | None]:
        cells = [_cells(value, column, separator) for value in values]
        # All of them at once, so that numbers are read alike wherever they stand.
        names = iter(label_names([name for cell in cells for name in cell or ()], column))
        return [None if cell is None else _distinct([next(names) for _ in cell]) for cell in cells]

    def labels(self, marks: Sequence[Mark], column: str, declared: Sequence[str] = ()) -> tuple[str, ...]:
        seen = {name for mark in marks for name in mark}  # type: ignore[union-attr]
        ordered = tuple(name for name in declared if name in seen)
        return ordered if len(ordered) > 1 and len(ordered) == len(seen) else class_names(seen, column)

    def gold(self, mark: Mark, labels: Sequence[str]) -> Gold | None:
        assert isinstance(mark, tuple)
        return None if set(mark) - set(labels) else tuple(sorted(labels.index(name) for name in mark))

    def strata(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[int]:
        """The rarest label of each text: common ones are on every side by themselves."""
        counts = Counter(label for gold in golds for label in _numbers(gold))
        return [min(_numbers(gold), key=lambda label: (counts[label], label), default=len(labels)) for gold in golds]

    def require_sides(self, sides: Mapping[str, Sequence[Gold]], labels: Sequence[str]) -> None:
        scarce = {
            labels[label]: side
            for side, golds in sides.items()
            for label in range(len(labels))
            if sum(label in _numbers(gold) for gold in golds) < LEAST_TEXTS
        }
        if scarce:
            shown = ", ".join(f"{name!r} ({side})" for name, side in list(scarce.items())[:10])
            raise DataError(
                f"Labels with fewer than {LEAST_TEXTS} texts on a side: {shown}. Add texts that have them, or take "
                "these labels out of the file."
            )

    def word(self, gold: Gold, labels: Sequence[str]) -> str:
        return ", ".join(labels[number] for number in _numbers(gold)) or NONE

    def tensor(self, golds: Sequence[Gold], labels: int, scale: Scale) -> Tensor:
        """(batch, labels), 1 for those that a text has."""
        import torch

        targets = torch.zeros(len(golds), labels)
        for row, gold in enumerate(golds):
            targets[row, list(_numbers(gold))] = 1.0
        return targets

    def loss(self, logits: Tensor, targets: Tensor, *, bcos: bool) -> Tensor:
        """Binary cross-entropy, for both kinds of models."""
        import torch.nn.functional as F

        return F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype))

    def linear_model(self, features: Any, golds: Sequence[Gold], outputs: int) -> LinearModel:
        """Logistic regression for each label by itself; one that all texts have, or none, is given without a look."""
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        weights, intercepts = np.zeros((outputs, features.shape[1])), np.zeros(outputs)
        for label in range(outputs):
            has = [label in _numbers(gold) for gold in golds]
            if len(set(has)) == 1:
                intercepts[label] = 1.0 if has[0] else -1.0
                continue
            model = LogisticRegression(C=1.0, max_iter=1000).fit(features, has)
            weights[label], intercepts[label] = model.coef_[0], model.intercept_[0]
        return LinearModel(weights, intercepts)

    def prediction(self, logits: Sequence[float], labels: Sequence[str]) -> Prediction:
        probabilities = tuple(map(sigmoid, logits))
        given = tuple(number for number, p in enumerate(probabilities) if p >= THRESHOLD)
        index = max(range(len(logits)), key=logits.__getitem__)
        return Prediction(tuple(logits), probabilities, index, self.word(given, labels))

    def measure(self, logits: Sequence[Sequence[float]], golds: Sequence[Gold]) -> dict[str, float]:
        given = [[sigmoid(logit) >= THRESHOLD for logit in row] for row in logits]
        has = [[label in _numbers(gold) for label in range(len(logits[0]))] for gold in golds]
        flat = f1_of([one for row in given for one in row], [one for row in has for one in row])
        columns = [f1_of(p, a) for p, a in zip(zip(*given, strict=True), zip(*has, strict=True), strict=True)]
        exact = sum(p == a for p, a in zip(given, has, strict=True)) / len(golds)
        return {"micro_f1": flat, "macro_f1": sum(columns) / len(columns), "exact": exact}


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(−z))."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def _numbers(gold: Gold) -> tuple[int, ...]:
    assert isinstance(gold, tuple)
    return gold


def _distinct(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def _cells(value: object, column: str, separator: str | None) -> list[object] | None:
    """The labels in one cell: of a list, or of a text between separators; None for a cell that says nothing.

    Raises:
        DataError: an object or bytes.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, dict | bytes):
        raise DataError(
            f"The column {column!r} holds {'objects' if isinstance(value, dict) else 'binary data'}; several labels "
            "are a list, or names in one cell with a character between them."
        )
    if isinstance(value, list | tuple | set):
        return list(value)
    if isinstance(value, str) and separator:
        return [part.strip() for part in value.split(separator)] if value.strip() else []
    return [value]
