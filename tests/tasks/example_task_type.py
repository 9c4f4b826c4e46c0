"""Grades: a whole number for each text, and an answer that is one. A whole type of task, as in a file of `tasks`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bcos_core.errors import DataError
from bcos_core.tasks.regression import Regression
from bcos_core.tasks.task_type import Array, Gold, Mark, Metric


class Grades(Regression):
    """Learned as a score is, by one output and its squared error (`problem_type` is a score's); read as a grade."""

    name = "grades"
    title = "A grade"
    description = "Each text has a whole number, such as a number of stars."
    *_errors, _kappa = Regression.metrics
    # The first is drawn while a model is trained; a proportion has the interval of one.
    metrics = (_kappa, Metric("right", "Right grades", proportion=True), *_errors)
    output = outputs = "grade"

    def marks(self, values: Sequence[object], column: str, *, separator: str | None = None) -> list[Mark | None]:
        marks = super().marks(values, column, separator=separator)
        for mark in marks:
            if isinstance(mark, float) and mark != round(mark):
                raise DataError(f"The column {column!r} holds {mark}, which is no grade. Choose the type regression.")
        return marks

    def word(self, gold: Gold, labels: Sequence[str]) -> str:
        return str(round(float(gold)))  # type: ignore[arg-type]

    def figures(self, logits: Array, golds: Array) -> dict[str, float]:
        right = np.round(self.answers(logits)) == golds
        return {**super().figures(logits, golds), "right": float(right.mean())}
