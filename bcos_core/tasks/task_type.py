"""The one object that owns everything in which kinds of tasks differ: what answers are (`AnswerType`), and what
labelled data are.

A label goes through three forms. What a table's cell holds is its *mark*: the name of a class, the names of several
labels, a number. The names in all marks together are the task's `labels`, one for each output of a model. Held against
them a mark becomes *gold*: a class number, the numbers of several labels, a number.

What is counted over many texts is counted on arrays, in which answers have the form of gold: one model's answers can be
held against another's as they are held against labels.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from bcos_core.numbers import number, percent
from bcos_core.tasks.answer_type import AnswerType, Array
from bcos_core.tasks.prediction import Prediction, Statement

if TYPE_CHECKING:
    from torch import Tensor

Mark = str | float | tuple[str, ...]
Gold = int | float | tuple[int, ...]

BINARY, CROSS_ENTROPY = "binary cross-entropy", "cross-entropy"


@dataclass(frozen=True)
class Metric:
    """A figure of a model on a test set. `share` figures are from 0 to 1 and read as percentages; a `proportion` is the
    share of the texts that are right, each right or wrong. The `title` of a `person` begins with a name. It is measured
    over so many texts, or what else is named in `of`."""

    name: str
    title: str
    higher_is_better: bool = True
    share: bool = True
    proportion: bool = False
    person: bool = False
    of: str = "text"

    @property
    def phrase(self) -> str:
        """Its title within a sentence: "accuracy", "macro F1", "Pearson's r"."""
        return self.title if self.person else f"{self.title[:1].lower()}{self.title[1:]}"

    def written(self, value: float) -> str:
        """A value for a person: "81.9 %", "0.53"."""
        return percent(value) if self.share else number(value)


@dataclass(frozen=True)
class Scale:
    """The line that a model's raw output is put on: score = `centre` + `size` · output."""

    centre: float = 0.0
    size: float = 1.0


@dataclass(frozen=True)
class LinearModel:
    """Outputs that are sums over features: `weights` (outputs, features), `intercepts` (outputs,)."""

    weights: Array
    intercepts: Array

    def logits(self, features: Any) -> list[list[float]]:
        """(texts, outputs), of features (texts, features), sparse or not."""
        rows: list[list[float]] = (features @ self.weights.T + self.intercepts).tolist()
        return rows


class TaskType(AnswerType):
    """One kind of task. Stateless: the data, the labels and the model are handed in.

    `problem_type` is transformers' (`PretrainedConfig.problem_type`). `metrics` are
    the figures of a test set, the first of them the one that a curve of training shows.
    """

    description: ClassVar[str]
    problem_type: ClassVar[str]
    metrics: ClassVar[tuple[Metric, ...]]
    least_per_side: ClassVar[int] = 2
    """Of every stratum on every side; fewer give a figure by luck."""

    @property
    def main_metric(self) -> Metric:
        return self.metrics[0]

    # The data

    @abstractmethod
    def marks(self, values: Sequence[object], column: str, *, separator: str | None = None) -> list[Mark | None]:
        """The cells of a label column, row by row; None where a cell is empty. `separator` stands between several
        labels that are written in one cell.

        Raises:
            DataError: a cell that cannot be such a label.
        """

    @abstractmethod
    def labels(self, marks: Sequence[Mark], column: str, declared: Sequence[str] = ()) -> tuple[str, ...]:
        """The names of the model's outputs; in the order of `declared` where the data say one.

        Raises:
            DataError: too few labels, or too many.
        """

    @abstractmethod
    def gold(self, mark: Mark, labels: Sequence[str]) -> Gold | None:
        """A mark as numbers; None where it names what is not among the labels."""

    @abstractmethod
    def strata(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[int]:
        """For each row the group within which the rows are split, so that every side has its share of each."""

    @abstractmethod
    def require_sides(self, sides: Mapping[str, Sequence[Gold]], labels: Sequence[str]) -> None:
        """Refuse sides ("train", "validation", "test") on which nothing could be learned or measured.

        Raises:
            DataError: they are such.
        """

    @abstractmethod
    def word(self, gold: Gold, labels: Sequence[str]) -> str:
        """Gold in words."""

    # Training

    @abstractmethod
    def tensor(self, golds: Sequence[Gold], labels: int, scale: Scale) -> Tensor:
        """What `loss` compares logits with, (batch, …), for a model of `labels` outputs."""

    losses: ClassVar[tuple[str, ...]]
    """What a model may be trained with, by name: values of two losses compare only if they have one name."""

    def usual_loss(self, *, bcos: bool) -> str:
        """The one of the `losses` that a B-cos model, or a conventional one, is trained with unless one is chosen."""
        return self.losses[0]

    @abstractmethod
    def loss(self, logits: Tensor, targets: Tensor, *, name: str) -> Tensor:
        """The mean loss of a batch by one of the `losses`, a scalar: logits (batch, labels), targets as `tensor` gives
        them."""

    def scale(self, golds: Sequence[Gold]) -> Scale:
        """The line on which a model of these training examples answers."""
        return Scale()

    @abstractmethod
    def constant(self, golds: Sequence[Gold], outputs: int) -> list[float]:
        """The logits of the one answer to every text that is best for these examples by `each_metric`: what a model
        has to beat that has learned to read."""

    @abstractmethod
    def linear_model(self, features: Any, golds: Sequence[Gold], outputs: int) -> LinearModel:
        """The usual linear model of such a task, with scikit-learn's usual penalty: what can be learned from features
        (texts, features) that add up. Its logits are read as any model's."""

    # Answers

    @abstractmethod
    def prediction(self, logits: Sequence[float], labels: Sequence[str]) -> Prediction:
        """The answer that logits make."""

    # Answers as people are asked about them

    discrete: ClassVar[bool] = True
    """Whether an answer is one of a few, so that it can be guessed, is right or wrong, and can flip."""
    target_tells: ClassVar[bool] = False
    """Whether the name of the explained output tells the answer."""
    read_colours: ClassVar[str]
    """What a heatmap is, for a person who sees the answer that it explains."""
    guess_colours: ClassVar[str] = ""
    """What there is to guess, and what a heatmap then is, for a person who does not see the answer."""
    bands_title: ClassVar[str] = "label"
    """What `bands` are."""

    @abstractmethod
    def statement(self, prediction: Prediction, labels: Sequence[str], index: int) -> Statement:
        """What an answer says about the output `index`."""

    def guesses(self, labels: Sequence[str], target: str = "") -> dict[str, str]:
        """Everything that an answer can say about the output named `target`, in the words of a choice; none where that
        cannot be listed."""
        return {}

    def probability_of(self, guess: str, prediction: Prediction, labels: Sequence[str], index: int) -> float:
        """That of one of the guesses about the output `index`.

        Raises:
            ValueError: nothing can be guessed.
        """
        raise ValueError(f"An answer of the type {self.name} is not one of a few.")

    def is_right(self, prediction: Prediction, index: int, gold: Gold) -> bool | None:
        """Whether what an answer says about the output `index` is right; None where it is nearer or further."""
        return None

    def certain(self, prediction: Prediction, gold: Gold, least: float) -> tuple[frozenset[int], frozenset[int]]:
        """The outputs that a text has for certain, and those that it lacks: gold says so, and the model with a
        probability above `least`. None where there is nothing to have."""
        return frozenset(), frozenset()

    @abstractmethod
    def read(self, word: str, labels: Sequence[str]) -> Gold | None:
        """The gold of which `word` made these words; None where they are not such."""

    @abstractmethod
    def bands(self, golds: Sequence[Gold], labels: Sequence[str]) -> list[str]:
        """For each text the group of those from which a balanced sample takes equal numbers."""

    # Many answers

    each_metric: ClassVar[Metric]
    """The one of the `metrics` that is a mean over texts."""
    agreements: ClassVar[tuple[Metric, ...]]
    """Of the metrics, those that say how alike two models answer when one's answers stand in the place of gold, under
    the titles that they then have; that of `each_metric` first."""
    apart: ClassVar[Metric]
    """What `distances` are."""
    better: ClassVar[str] = "that only the {} gets right"
    """How a text is described that the first or the second of two models answers better."""
    paired_test: ClassVar[str] = "McNemar’s exact test"
    """What the sign test is called on such texts."""

    @abstractmethod
    def array(self, golds: Sequence[Gold], outputs: int) -> Array:
        """Gold for a model of `outputs` outputs: (texts,) or (texts, outputs)."""

    @abstractmethod
    def each_text(self, logits: Array, golds: Array) -> Array:
        """The `each_metric` of each text, (texts,)."""

    @abstractmethod
    def distances(self, first: Array, second: Array) -> Array:
        """How far two models' answers to each text are apart, (texts,), given their logits (texts, outputs): 0 where
        the answers are the same."""

    @abstractmethod
    def figures(self, logits: Array, golds: Array) -> dict[str, float]:
        """The `metrics` by name, of logits (texts, outputs) against gold as `array` has it; one that is not defined for
        them is left out."""

    def measure(self, logits: Sequence[Sequence[float]], golds: Sequence[Gold]) -> dict[str, float]:
        """The same of plain data.

        Raises:
            ValueError: no examples.
        """
        if not golds or len(logits) != len(golds):
            raise ValueError(f"{len(logits)} answers to {len(golds)} examples; expected as many, and at least one.")
        return self.figures(np.asarray(logits, dtype=float), self.array(golds, len(logits[0])))
