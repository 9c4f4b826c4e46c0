"""Multi-label classification: each label is right or wrong by itself; several may be right at once, or none."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bcos_core.errors import DataError
from bcos_core.tasks.prediction import Prediction, Statement
from bcos_core.tasks.single_label import f1
from bcos_core.tasks.task_type import BINARY, Array, Gold, LinearModel, Mark, Metric, Scale, TaskType
from bcos_core.text.labels import class_names, label_names

if TYPE_CHECKING:
    from torch import Tensor

THRESHOLD = 0.0
"""The logit from which on a label is given: where its probability is ½."""
LEAST_TEXTS = 2
"""Of each label, on every side: without one, its F1 is 0 or undefined by luck."""
NONE = "no label"


class MultiLabel(TaskType):
    name = "multi-label"
    title = "Several labels"
    description = "Each text has any number of labels, also none. They are a list, or stand in one cell."
    problem_type = "multi_label_classification"
    metrics = (
        Metric("micro_f1", "Micro F1"),
        Metric("macro_f1", "Macro F1"),
        Metric("exact", "All labels right", proportion=True),
    )
    each_metric = metrics[2]
    agreements = (
        Metric("exact", "Same labels, all of them", proportion=True),
        Metric("micro_f1", "Micro F1 of one against the other"),
    )
    apart = Metric("sureness", "Both at least this sure of a label")
    read_colours = (
        "A language model has read each text and has decided whether it has a certain label. Coloured words show what "
        "an explanation says about that label: blue words speak for it, orange words against it, and stronger colour "
        "means more weight."
    )
    guess_colours = (
        "A language model has read each text and has decided whether it has a certain label; you do not see how. Guess "
        "it: first from the text alone, then with coloured words. Blue words speak for the label, orange words against "
        "it."
    )
    bands_title = "rarest label"
    better = "that only the {} gets right in every label"
    measures = ("sigmoid",)
    output, outputs = "label", "labels"
    predicted = "the likeliest label"

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

        return torch.from_numpy(self.array(golds, labels)).float()

    losses = (BINARY,)

    def loss(self, logits: Tensor, targets: Tensor, *, name: str) -> Tensor:
        """Binary cross-entropy, for both kinds of models."""
        import torch.nn.functional as F

        return F.binary_cross_entropy_with_logits(logits, targets.to(logits.dtype))

    def constant(self, golds: Sequence[Gold], outputs: int) -> list[float]:
        """For the most frequent set of labels, which may be empty."""
        frequent, _ = Counter(frozenset(_numbers(gold)) for gold in golds).most_common(1)[0]
        return [1.0 if output in frequent else -1.0 for output in range(outputs)]

    def linear_model(self, features: Any, golds: Sequence[Gold], outputs: int) -> LinearModel:
        """Logistic regression for each label by itself; one that all texts have, or none, is given without a look."""
        from sklearn.linear_model import LogisticRegression

        weights, intercepts = np.zeros((outputs, features.shape[1])), np.zeros(outputs)
        for label, has in enumerate(self.array(golds, outputs).T):
            if len(set(has.tolist())) == 1:
                intercepts[label] = 1.0 if has[0] else -1.0
                continue
            model = LogisticRegression(C=1.0, max_iter=1000).fit(features, has)
            weights[label], intercepts[label] = model.coef_[0], model.intercept_[0]
        return LinearModel(weights, intercepts)

    def prediction(self, logits: Sequence[float], labels: Sequence[str]) -> Prediction:
        probabilities = tuple(map(sigmoid, logits))
        given = tuple(number for number, logit in enumerate(logits) if logit >= THRESHOLD)
        index = max(range(len(logits)), key=logits.__getitem__)
        return Prediction(tuple(logits), probabilities, index, self.word(given, labels))

    def statement(self, prediction: Prediction, labels: Sequence[str], index: int) -> Statement:
        """Whether the label is given."""
        label, probability = labels[index], prediction.probabilities[index]
        if prediction.logits[index] >= THRESHOLD:
            return Statement(label, "yes", probability)
        return Statement(f"not {label}", "no", 1 - probability)

    def guesses(self, labels: Sequence[str], target: str = "") -> dict[str, str]:
        named = f"the label “{target}”" if target else "the label"
        return {"yes": f"It gives {named}", "no": f"It does not give {named}"}

    def probability_of(self, guess: str, prediction: Prediction, labels: Sequence[str], index: int) -> float:
        given = prediction.probabilities[index]
        return given if guess == "yes" else 1 - given

    def is_right(self, prediction: Prediction, index: int, gold: Gold) -> bool | None:
        return (prediction.logits[index] >= THRESHOLD) == (index in _numbers(gold))

    def certain(self, prediction: Prediction, gold: Gold, least: float) -> tuple[frozenset[int], frozenset[int]]:
        has = frozenset(label for label in _numbers(gold) if prediction.probabilities[label] > least)
        others = set(range(len(prediction.probabilities))) - set(_numbers(gold))
        return has, frozenset(label for label in others if 1 - prediction.probabilities[label] > least)

    def read(self, word: str, labels: Sequence[str]) -> Gold | None:
        """Labels may have commas in them: words that can be read in two ways are not read."""
        if word == NONE:
            return ()
        readings = list(islice(_readings(word, labels, 0), 2))
        return readings[0] if len(readings) == 1 else None

    def bands(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[str]:
        return [(*labels, NONE)[number] for number in self.strata(golds, labels)]

    def array(self, golds: Sequence[Gold], outputs: int) -> Array:
        """(texts, outputs), true for the labels that a text has."""
        has = np.zeros((len(golds), outputs), dtype=bool)
        for row, gold in enumerate(golds):
            has[row, list(_numbers(gold))] = True
        return has

    def answers(self, logits: Array) -> Array:
        return logits >= THRESHOLD

    def named(self, answers: Array, outputs: int) -> NDArray[np.bool_]:
        return answers

    def each_text(self, logits: Array, golds: Array) -> Array:
        """1 where every label is right, given or not given; else 0."""
        return (self.answers(logits) == golds).all(1).astype(float)

    def distances(self, first: Array, second: Array) -> Array:
        """Of the labels that one of the two gives alone, how sure both are of the one of which they are surest; how
        sure a model is of a label is the probability with which it gives, or does not give, that label."""
        sure = 1 / (1 + np.exp(-np.minimum(np.abs(first), np.abs(second))))
        return np.where(self.answers(first) != self.answers(second), sure, 0.0).max(1)

    def figures(self, logits: Array, golds: Array) -> dict[str, float]:
        given = self.answers(logits)
        hits, mentions = (given & golds).sum(0), given.sum(0) + golds.sum(0)
        return {
            "micro_f1": float(f1(hits.sum(), mentions.sum())),
            "macro_f1": float(f1(hits, mentions).mean()),
            "exact": float(self.each_text(logits, golds).mean()),
        }


def sigmoid(logit: float) -> float:
    """1 / (1 + exp(−z))."""
    return 1 / (1 + math.exp(-logit)) if logit >= 0 else math.exp(logit) / (1 + math.exp(logit))


def _numbers(gold: Gold) -> tuple[int, ...]:
    assert isinstance(gold, tuple)
    return gold


def _readings(rest: str, labels: Sequence[str], start: int) -> Iterator[tuple[int, ...]]:
    for number in range(start, len(labels)):
        if rest == labels[number]:
            yield (number,)
        elif rest.startswith(f"{labels[number]}, "):
            for others in _readings(rest[len(labels[number]) + 2 :], labels, number + 1):
                yield (number, *others)


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
