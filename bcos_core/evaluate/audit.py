"""The audit of a conversion: what the B-cos model and its conventional twin do alike, and what they do not.

What it looks at follows from the type of the task: its metrics, the same metrics with the second model's answers in the
place of gold (how alike the two are), and how far two answers to one text are apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest

from bcos_core.evaluate.reliability import Reliability, fit_temperature, reliability_of
from bcos_core.tasks.estimates import Estimate, bootstrap, estimated
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.tasks.single_label import f1
from bcos_core.tasks.task_type import Array, TaskType
from bcos_core.text.examples import TaskData

Logits = Sequence[Sequence[float]]


@dataclass(frozen=True)
class ChoiceAudit:
    """Of a model that chooses one class: `confusion[actual][predicted]` counts; `rescaled` is after dividing the logits
    by `temperature`, fitted on the validation set (1 where there is none)."""

    confusion: tuple[tuple[int, ...], ...]
    reliability: Reliability
    temperature: float
    rescaled: Reliability


@dataclass(frozen=True)
class ModelAudit:
    """One model on the test set: the task's metrics by name, as far as they are defined."""

    name: str
    metrics: dict[str, Estimate]
    choice: ChoiceAudit | None


@dataclass(frozen=True)
class OutputAudit:
    """One class or label: how many `texts` have it, the F1 of either model, and how many texts only the first model
    gives it to, and only the second."""

    label: str
    texts: int
    f1: tuple[float, float]
    only_first: int
    only_second: int


@dataclass(frozen=True)
class Difference:
    """A test example that the two models answer differently: its place in the test set, its label and both answers in
    words, and how far they are `apart` (`TaskType.distances`)."""

    index: int
    label: str
    answers: tuple[str, str]
    apart: float


@dataclass(frozen=True)
class Audit:
    """Two models on the same test set of a task of type `task_type`.

    `agreement` has the type's `agreements` by name. `gap` is the paired difference of its `each_metric`, first minus
    second; `only_first` and `only_second` count the texts that one of them answers better than the other, and `p` is
    the exact two-sided p of the sign test on these (see `sign_test`). `differences` stand in order, the answers that
    are furthest apart first.
    """

    task_type: str
    labels: tuple[str, ...]
    models: tuple[ModelAudit, ModelAudit]
    agreement: dict[str, Estimate]
    gap: Estimate
    only_first: int
    only_second: int
    p: float
    outputs: tuple[OutputAudit, ...]
    differences: tuple[Difference, ...]

    @property
    def kind(self) -> TaskType:
        return TASK_TYPES[self.task_type]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ModelLogits:
    """A model's name and its logits on the validation and the test examples."""

    name: str
    validation: Logits
    test: Logits


def audit(first: ModelLogits, second: ModelLogits, task: TaskData) -> Audit:
    """Compare two models on a task.

    Raises:
        ValueError: logits that do not belong to these examples.
    """
    for answers in (first, second):
        if len(answers.test) != len(task.test) or len(answers.validation) != len(task.validation):
            raise ValueError(f"{answers.name} has answers to other examples.")
    kind, golds = task.task_type, task.task_type.array(task.test.labels, len(task.labels))
    ours, theirs = (np.asarray(answers.test, dtype=float) for answers in (first, second))
    gaps = kind.each_text(ours, golds) - kind.each_text(theirs, golds)
    better = gaps if kind.each_metric.higher_is_better else -gaps
    only_first, only_second = int((better > 0).sum()), int((better < 0).sum())
    return Audit(
        task_type=task.type,
        labels=task.labels,
        models=(_audited(first, task), _audited(second, task)),
        agreement=estimated(kind, kind.agreements, ours, kind.answers(theirs)),
        gap=bootstrap(gaps.tolist()),
        only_first=only_first,
        only_second=only_second,
        p=sign_test(only_first, only_second),
        outputs=_outputs(task, golds, kind.answers(ours), kind.answers(theirs)),
        differences=_differences(task, ours, theirs),
    )


def sign_test(only_first: int, only_second: int) -> float:
    """Exact two-sided p that neither of two models answers more texts better: those that one alone answers better fall
    on either side like fair coins. Where an answer is right or wrong, this is McNemar's exact test (1947)."""
    discordant = only_first + only_second
    return float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0


def _audited(answers: ModelLogits, task: TaskData) -> ModelAudit:
    kind, golds = task.task_type, task.task_type.array(task.test.labels, len(task.labels))
    logits = np.asarray(answers.test, dtype=float)
    metrics = estimated(kind, kind.metrics, logits, golds)
    return ModelAudit(answers.name, metrics, _choice(answers, task) if kind.exclusive else None)


def _choice(answers: ModelLogits, task: TaskData) -> ChoiceAudit:
    validation, test = task.validation, task.test
    predicted, actual = np.asarray(answers.test, dtype=float).argmax(1), np.asarray(test.classes)
    confusion = np.zeros((len(task.labels), len(task.labels)), dtype=int)
    np.add.at(confusion, (actual, predicted), 1)
    temperature = fit_temperature(answers.validation, validation.classes) if len(validation) else 1.0
    return ChoiceAudit(
        confusion=tuple(tuple(row) for row in confusion.tolist()),
        reliability=reliability_of(answers.test, test.classes),
        temperature=temperature,
        rescaled=reliability_of(answers.test, test.classes, temperature),
    )


def _outputs(task: TaskData, golds: Array, ours: Array, theirs: Array) -> tuple[OutputAudit, ...]:
    """Class by class or label by label; nothing where answers name none."""
    has, first, second = (task.task_type.named(answers, len(task.labels)) for answers in (golds, ours, theirs))
    if not (has.any() or first.any() or second.any()):
        return ()
    scores = [f1((given & has).sum(0), given.sum(0) + has.sum(0)).tolist() for given in (first, second)]
    counts = [one.sum(0).tolist() for one in (has, first & ~second, second & ~first)]
    return tuple(
        OutputAudit(label, texts, (f1_first, f1_second), only_first, only_second)
        for label, texts, f1_first, f1_second, only_first, only_second in zip(
            task.labels, counts[0], *scores, *counts[1:], strict=True
        )
    )


def _differences(task: TaskData, ours: Array, theirs: Array) -> tuple[Difference, ...]:
    kind = task.task_type
    apart = kind.distances(ours, theirs)
    order = np.argsort(-apart, kind="stable")

    def said(logits: Array) -> str:
        return kind.answer(kind.prediction(logits.tolist(), task.labels))

    return tuple(
        Difference(
            index, task.word(task.test.labels[index]), (said(ours[index]), said(theirs[index])), float(apart[index])
        )
        for index in order[: int((apart > 0).sum())].tolist()
    )
