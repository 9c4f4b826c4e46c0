"""Regression: a score for each text. Contributions are in the score's own unit."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bcos_core.errors import DataError
from bcos_core.numbers import number
from bcos_core.tasks.prediction import Prediction, Statement
from bcos_core.tasks.task_type import Array, Gold, LinearModel, Mark, Metric, Scale, TaskType
from bcos_core.text.blank import is_blank

if TYPE_CHECKING:
    from torch import Tensor

MOST_GRADES = 30
"""Different whole numbers up to which they are grades, for which agreement by quadratic weighted κ is usual."""


class Regression(TaskType):
    name = "regression"
    title = "A score"
    description = "Each text has a number."
    problem_type = "regression"
    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("mae", "Mean absolute error", higher_is_better=False, share=False),
        Metric("rmse", "Root mean squared error", higher_is_better=False, share=False),
        Metric("pearson", "Pearson's r", share=False, person=True),
        Metric("spearman", "Spearman's ρ", share=False, person=True),
        Metric("kappa", "Quadratic weighted κ", share=False),
    )
    each_metric = metrics[0]
    agreements = (
        Metric("mae", "Mean absolute difference", higher_is_better=False, share=False),
        Metric("pearson", "Pearson's r of the two", share=False, person=True),
        Metric("spearman", "Spearman's ρ of the two", share=False, person=True),
    )
    apart = Metric("difference", "Difference", higher_is_better=False, share=False)
    discrete = False
    read_colours = (
        "A language model has read each text and has given it a score. Coloured words show what an explanation says "
        "about that score: blue words raise it, orange words lower it, and stronger colour means more weight."
    )
    bands_title = "third of the scores"
    better = "on which the {} is nearer"
    paired_test = "Exact sign test"

    least_per_side = 10  # of fewer, a correlation says nothing
    has_probabilities = False
    measures = ("score",)
    output = outputs = "score"
    predicted = "the score"
    verbs = ("raises", "lowers")
    explained = "score"
    tokenless = "base score"  # the mean of the training scores, around which a model answers, and biases that it kept

    def marks(self, values: Sequence[object], column: str, *, separator: str | None = None) -> list[Mark | None]:
        return [_number(value, column) for value in values]

    def labels(self, marks: Sequence[Mark], column: str, declared: Sequence[str] = ()) -> tuple[str, ...]:
        """The one output, which goes by the column's name."""
        if len(set(marks)) < 2:
            raise DataError(
                f"Every row has the score {marks[0]} in the column {column!r}. There is nothing to learn: choose "
                "another column."
            )
        return (column,)

    def gold(self, mark: Mark, labels: Sequence[str]) -> Gold | None:
        return float(mark)  # type: ignore[arg-type]

    def strata(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[int]:
        return [0] * len(golds)

    def require_sides(self, sides: Mapping[str, Sequence[Gold]], labels: Sequence[str]) -> None:
        for side, golds in sides.items():
            if len(golds) < self.least_per_side:
                raise DataError(
                    f"The {side} side has {len(golds)} different texts; a score needs at least "
                    f"{self.least_per_side} on each of three sides. Add texts."
                )
            if len(set(golds)) < 2:
                raise DataError(
                    f"All {len(golds)} texts of the {side} side have one score, so that nothing can be "
                    f"{'learned' if side == 'train' else 'measured'}. Add texts with other scores."
                )

    def word(self, gold: Gold, labels: Sequence[str]) -> str:
        return f"{gold:.4g}"

    def tensor(self, golds: Sequence[Gold], labels: int, scale: Scale) -> Tensor:
        """(batch,), on the scale on which the raw output is about 1 in size."""
        import torch

        return torch.from_numpy((self.array(golds, labels) - scale.centre) / scale.size).float()

    losses = ("mean squared error",)

    def loss(self, logits: Tensor, targets: Tensor, *, name: str) -> Tensor:
        """Mean squared error, for both kinds of models."""
        import torch.nn.functional as F

        return F.mse_loss(logits.squeeze(-1), targets.to(logits.dtype))

    def scale(self, golds: Sequence[Gold]) -> Scale:
        """Mean and standard deviation of the training scores: a network without biases answers around 0."""
        numbers = [float(gold) for gold in golds]  # type: ignore[arg-type]
        return Scale(statistics.fmean(numbers), statistics.pstdev(numbers) or 1.0)

    def constant(self, golds: Sequence[Gold], outputs: int) -> list[float]:
        """The median, which is nearest to all."""
        return [float(np.median(self.array(golds, outputs)))]

    def linear_model(self, features: Any, golds: Sequence[Gold], outputs: int) -> LinearModel:
        """Ridge regression."""
        from sklearn.linear_model import Ridge

        model = Ridge(alpha=1.0).fit(features, self.array(golds, outputs))
        return LinearModel(model.coef_[None], np.array([model.intercept_]))

    def prediction(self, logits: Sequence[float], labels: Sequence[str]) -> Prediction:
        return Prediction(tuple(logits), (), 0, self.word(logits[0], labels))

    def answer(self, prediction: Prediction) -> str:
        return number(prediction.logits[0])

    def statement(self, prediction: Prediction, labels: Sequence[str], index: int) -> Statement:
        return Statement(prediction.label)

    def read(self, word: str, labels: Sequence[str]) -> Gold | None:
        try:
            return _number(word, labels[0])
        except DataError:
            return None

    def bands(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[str]:
        """Thirds by size; equal scores stay together."""
        scores = self.array(golds, 1)
        places = (scores[:, None] > np.quantile(scores, [1 / 3, 2 / 3])).sum(1)
        return [("low", "middle", "high")[place] for place in places]

    def array(self, golds: Sequence[Gold], outputs: int) -> Array:
        return np.asarray(golds, dtype=float)

    def answers(self, logits: Array) -> Array:
        return logits[:, 0]

    def named(self, answers: Array, outputs: int) -> NDArray[np.bool_]:
        return np.zeros((len(answers), outputs), dtype=bool)

    def each_text(self, logits: Array, golds: Array) -> Array:
        """The distance between answer and score."""
        return np.abs(self.answers(logits) - golds)

    def distances(self, first: Array, second: Array) -> Array:
        return np.abs(self.answers(first) - self.answers(second))

    def figures(self, logits: Array, golds: Array) -> dict[str, float]:
        from scipy.stats import rankdata

        answers = self.answers(logits)
        found = {
            "mae": float(np.abs(answers - golds).mean()),
            "rmse": math.sqrt(float(np.square(answers - golds).mean())),
        }
        if np.ptp(answers) > 0 and np.ptp(golds) > 0:
            found["pearson"] = float(np.corrcoef(answers, golds)[0, 1])
            # Spearman (1904): Pearson's r of the ranks, equal values at the mean of theirs.
            found["spearman"] = float(np.corrcoef(rankdata(answers), rankdata(golds))[0, 1])
        grades = np.unique(golds)
        if 1 < len(grades) <= MOST_GRADES and (grades == np.round(grades)).all():
            found["kappa"] = quadratic_kappa(np.clip(np.round(answers), grades[0], grades[-1]), golds)
        return found


def quadratic_kappa(answers: Array, actual: Array) -> float:
    """κ = 1 − Σ (a − b)² observed ÷ Σ (a − b)² expected of independent raters (Cohen, 1968), for whole-number grades.

    The sum over pairs of grades that independence expects is n times the mean over all pairs of an answer and an
    actual grade, E[(a − b)²] = Var a + Var b + (E a − E b)².
    """
    observed = np.square(answers - actual).mean()
    expected = answers.var() + actual.var() + (answers.mean() - actual.mean()) ** 2
    return float(1.0 - observed / expected) if expected else 1.0


def _number(value: object, column: str) -> float | None:
    """A cell as a number; None for one that is empty.

    Raises:
        DataError: it is no finite number.
    """
    if value is None or (isinstance(value, str) and is_blank(value)):
        return None
    if isinstance(value, bool | list | tuple | dict | set | bytes):
        raise _no_score(value, column)
    try:
        score = float(value.strip() if isinstance(value, str) else value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise _no_score(value, column) from error
    if math.isnan(score) and not isinstance(value, str):
        return None  # how tables say that a cell is empty
    if not math.isfinite(score):
        raise _no_score(value, column)
    return score


def _no_score(value: object, column: str) -> DataError:
    shown = str(value)
    return DataError(
        f"The column {column!r} holds {shown[:60]!r}, which is no number; a score is one number for each text. Choose "
        "another column, or another type of task."
    )
