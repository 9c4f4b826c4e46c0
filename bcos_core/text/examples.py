"""Labelled texts, and the three sides of a task."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bcos_core.errors import DataError
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import Gold, TaskType
from bcos_core.text.rationales import Rationales


@dataclass(frozen=True)
class Examples:
    """Texts with their labels as numbers (see `Gold`), aligned by position."""

    texts: tuple[str, ...]
    labels: tuple[Gold, ...]

    def __post_init__(self) -> None:
        if len(self.texts) != len(self.labels):
            raise ValueError(f"{len(self.texts)} texts but {len(self.labels)} labels.")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def classes(self) -> tuple[int, ...]:
        """The class numbers, for what is only defined of single-label tasks.

        Raises:
            DataError: the task is of another type.
        """
        if not all(isinstance(label, int) for label in self.labels):
            raise DataError(
                "This is defined for tasks in which each text has one label. Choose another score for this task."
            )
        return self.labels  # type: ignore[return-value]

    def counts(self) -> Counter[int]:
        """How many examples each label has; of a score, none."""
        numbers: Counter[int] = Counter()
        for gold in self.labels:
            numbers.update(gold if isinstance(gold, tuple) else [gold] if isinstance(gold, int) else [])
        return numbers

    def take(self, n: int, seed: int) -> Examples:
        """At most `n` examples, in the present order; of a single-label task with every class in its present
        proportion.

        The same `n`, `seed` and texts give the same examples on every machine. A class keeps at least one
        example if `n` allows it.
        """
        if n < 0:
            raise ValueError(f"Cannot take {n} examples; expected 0 or more.")
        if n >= len(self):
            return self
        groups = [label if isinstance(label, int) else 0 for label in self.labels]
        quota = _quotas(Counter(groups), n)
        chosen: list[int] = []
        # A position depends on the text and the seed only, so that taking more keeps what was taken before
        # and one added example does not exchange all the others.
        for index in sorted(range(len(self)), key=lambda i: _draw(self.texts[i], seed)):
            if quota[groups[index]] > 0:
                quota[groups[index]] -= 1
                chosen.append(index)
        chosen.sort()
        return Examples(tuple(self.texts[i] for i in chosen), tuple(self.labels[i] for i in chosen))


def _quotas(counts: Counter[int], n: int) -> dict[int, int]:
    """`n` places shared out over the classes by largest remainders, at least one each if they suffice."""
    classes = sorted(counts, key=lambda c: (-counts[c], c))
    if n < len(classes):
        return {c: int(rank < n) for rank, c in enumerate(classes)}
    total = counts.total()
    shares = {c: n * counts[c] / total for c in classes}
    quota = {c: max(1, int(shares[c])) for c in classes}
    while (missing := n - sum(quota.values())) != 0:
        step = 1 if missing > 0 else -1
        # The class furthest from its share on the side that helps gives or gets one place.
        open_classes = [c for c in classes if (quota[c] < counts[c] if step > 0 else quota[c] > 1)]
        furthest = max(open_classes, key=lambda c: step * (shares[c] - quota[c]))
        quota[furthest] += step
    return quota


def _draw(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()


@dataclass(frozen=True)
class TaskData:
    """One task, ready to train on: its type (a name in `TASK_TYPES`), the names of a model's outputs, and three sides
    that share no text.

    Within a side the examples stand in an order that depends on their texts only and not on their classes,
    so that any first part is a fair sample. `notes` tell a person what was left out or changed, and why.
    `rationales` are, by text, the character spans that each of one or several people named as the reason for its label.
    `text_columns` are the names of the texts that a model reads together: one, or two of pairs
    (`bcos_core.text.pair`).
    """

    title: str
    labels: tuple[str, ...]
    train: Examples
    validation: Examples
    test: Examples
    notes: tuple[str, ...] = ()
    rationales: Mapping[str, Rationales] = field(default_factory=dict)
    type: str = USUAL
    text_columns: tuple[str, ...] = ("text",)

    @property
    def pairs(self) -> bool:
        return len(self.text_columns) == 2

    @property
    def task_type(self) -> TaskType:
        return TASK_TYPES[self.type]

    def word(self, gold: Gold) -> str:
        """A label in words."""
        return self.task_type.word(gold, self.labels)
