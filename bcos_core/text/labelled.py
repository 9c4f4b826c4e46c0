"""From rows of cells to a task: empty rows out, labels to class numbers, and the split."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bcos_core.errors import DataError
from bcos_core.text.examples import TaskData
from bcos_core.text.labels import class_names, label_names, text_value
from bcos_core.text.split import split_by_hash


@dataclass(frozen=True)
class Labelled:
    """Texts with the names of their classes, aligned by position; how many rows had neither or one of the two."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    empty_rows: int

    @property
    def notes(self) -> tuple[str, ...]:
        if not self.empty_rows:
            return ()
        return (f"Rows left out because their text or label is empty: {self.empty_rows:,}.",)


def read_labelled(rows: Iterable[tuple[object, object]], text_column: str, label_column: str) -> Labelled:
    """The rows, each a text cell and a label cell, that have both.

    Raises:
        DataError: a cell is a list, an object or bytes; or no row has both.
    """
    texts: list[str] = []
    raw_labels: list[object] = []
    for text, label in rows:
        texts.append(text_value(text, text_column))
        raw_labels.append(label)
    labels = label_names(raw_labels, label_column)
    kept = [place for place, (text, label) in enumerate(zip(texts, labels, strict=True)) if text and label]
    if not kept:
        raise DataError(
            f"None of the {len(texts):,} rows has both a text in the column {text_column!r} and a label in "
            f"{label_column!r}. Choose other columns, or fill these."
        )
    return Labelled(
        tuple(texts[place] for place in kept), tuple(labels[place] for place in kept), len(texts) - len(kept)
    )


def make_task(title: str, labelled: Labelled, classes: Sequence[str] | None = None, column: str = "label") -> TaskData:
    """A task with the classes given, or else those found in the labels; split by hash.

    Raises:
        DataError: one class only, too many, or one with too few texts.
    """
    classes = classes or class_names(labelled.labels, column)
    numbers = {name: number for number, name in enumerate(classes)}
    sides = split_by_hash(labelled.texts, [numbers[label] for label in labelled.labels], classes)
    return TaskData(title, tuple(classes), sides.train, sides.validation, sides.test, (*labelled.notes, *sides.notes))
