"""From rows of cells to a task: empty rows out, labels to class numbers, and the split."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bcos_core.errors import DataError
from bcos_core.numbers import count
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import Gold, Mark, TaskType
from bcos_core.text.blank import is_blank
from bcos_core.text.columns import Columns
from bcos_core.text.examples import TaskData
from bcos_core.text.labels import says_nothing, text_value
from bcos_core.text.pair import SEPARATOR, is_pair
from bcos_core.text.rationales import Rationales, read_rationales
from bcos_core.text.split import keep_sides, split_by_hash
from bcos_core.text.table import require_cell

_UNSEEN_NAMED = 5


@dataclass(frozen=True)
class Labelled:
    """Texts with their labels as the data have them, aligned by position; how many rows had neither or one of the two.

    `rationales` are what each person named in each text; empty where no column has any. `unseen` are the file's own
    numbers, in `unit`s, of those rows that are not empty and show nothing.
    """

    texts: tuple[str, ...]
    labels: tuple[Mark, ...]
    empty_rows: int
    rationales: tuple[Rationales, ...] = ()
    unseen: tuple[int, ...] = ()
    unit: str = "row"

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self._left_out(), *_words_of_nothing(self.labels))

    def _left_out(self) -> tuple[str, ...]:
        if not self.empty_rows:
            return ()
        which = "one of their texts or their label" if any(map(is_pair, self.texts[:1])) else "their text or label"
        notes = [f"Rows left out because {which} is empty: {self.empty_rows:,}."]
        if self.unseen:
            numbers = ", ".join(f"{number:,}" for number in self.unseen[:_UNSEEN_NAMED])
            more = ", …" if len(self.unseen) > _UNSEEN_NAMED else ""
            notes.append(
                f"Of these, rows whose text or label has only characters that cannot be seen: {len(self.unseen):,} "
                f"({self.unit}{'s' if len(self.unseen) > 1 else ''} {numbers}{more})."
            )
        return tuple(notes)


def _words_of_nothing(labels: Iterable[Mark]) -> tuple[str, ...]:
    """That words which often stand for a missing label are labels here: a cell that is not empty says what it says, and
    only who made the file knows what is meant."""
    cells = ((mark,) if isinstance(mark, str) else mark for mark in labels if isinstance(mark, str | tuple))
    found = Counter(name for cell in cells for name in cell if says_nothing(name))
    return tuple(
        f"{name!r} is the label of {count(texts, 'text')}: the file has this word there. If it stands for a label that "
        "is missing, leave those cells empty."
        for name, texts in sorted(found.items())
    )


def read_labelled(
    rows: Iterable[tuple[int, tuple[object, ...]]],
    columns: Columns,
    *,
    unit: str = "row",
    task_type: TaskType | None = None,
    separator: str | None = None,
) -> Labelled:
    """The rows, whose cells are those of `columns.all`, that have a text (of pairs both texts) and a label.

    Each row comes with its number in the file, in which `unit` is what is counted. `separator` is that of several
    labels in one cell.

    Raises:
        DataError: a text or label is a list, an object or bytes, or too long; a rationale does not fit its text; or no
            row has both a text and a label, or both texts of a pair.
    """
    texts: list[str] = []
    raw_labels: list[object] = []
    rationales: list[Rationales] = []
    unseen: list[int] = []
    named = len(columns.texts)
    for number, row in rows:
        cells, label = row[:named], row[named]
        parts = [text_value(cell, column) for cell, column in zip(cells, columns.texts, strict=True)]
        texts.append(SEPARATOR.join(parts) if all(parts) else "")
        require_cell(len(texts[-1]), f"The text in {unit} {number:,}")
        raw_labels.append(label)
        if any(_unseen(cell) for cell in (*cells, label)):
            unseen.append(number)
        if columns.rationale is not None:
            place = f"{unit} {number:,}"
            # The spans of a pair count the characters of its two texts as they are kept.
            whole = cells[0] if named == 1 else texts[-1]
            rationales.append(read_rationales(row[-1], whole, columns.rationale, place) if texts[-1] else ())
    labels = (task_type or TASK_TYPES[USUAL]).marks(raw_labels, columns.label, separator=separator)
    kept = [place for place, (text, label) in enumerate(zip(texts, labels, strict=True)) if text and label is not None]
    if not kept:
        held = " and ".join(map(repr, columns.texts))
        texts_in = f"both a text in the column {held}" if named == 1 else f"two texts, in the columns {held},"
        raise DataError(
            f"None of the {len(texts):,} rows has {texts_in} and a label in {columns.label!r}. Choose other columns, "
            "or fill these."
        )
    return Labelled(
        tuple(texts[place] for place in kept),
        tuple(label for place in kept if (label := labels[place]) is not None),
        len(texts) - len(kept),
        tuple(rationales[place] for place in kept) if rationales else (),
        tuple(unseen),
        unit,
    )


def _unseen(cell: object) -> bool:
    """Whether a cell looks filled and is empty."""
    return isinstance(cell, str) and is_blank(cell) and bool(cell.strip())


def rationales_of(parts: Iterable[Labelled]) -> tuple[dict[str, Rationales], tuple[str, ...]]:
    """The rationales of the texts that have one, and a note on how many these are; of a repeated text the first."""
    known: dict[str, Rationales] = {}
    given = False
    for part in parts:
        given = given or bool(part.rationales)
        for text, people in zip(part.texts, part.rationales, strict=False):  # none at all without a column
            known.setdefault(text, people)
    named = {text: people for text, people in known.items() if any(people)}
    several = sum(len(people) > 1 for people in named.values())
    said = f"Texts with a rationale: {len(named):,}" + (f", of several people: {several:,}." if several else ".")
    return named, (said,) if given else ()


def make_task(
    title: str,
    labelled: Labelled,
    columns: Columns,
    declared: Sequence[str] = (),
    task_type: TaskType | None = None,
) -> TaskData:
    """A task with the labels found in the rows, in the order of `declared` where that holds them; split by hash.

    Raises:
        DataError: one label only, too many, or one with too few texts.
    """
    kind = task_type or TASK_TYPES[USUAL]
    labels = kind.labels(labelled.labels, columns.label, declared)
    golds = [gold for mark in labelled.labels if (gold := kind.gold(mark, labels)) is not None]
    sides = split_by_hash(labelled.texts, golds, labels, kind)
    rationales, found = rationales_of([labelled])
    notes = (*labelled.notes, *sides.notes, *found)
    return TaskData(
        title, labels, sides.train, sides.validation, sides.test, notes, rationales, kind.name, columns.texts
    )


def make_task_of_sides(
    title: str,
    sides: Mapping[str, Labelled],
    columns: Columns,
    declared: Sequence[str] = (),
    notes: Sequence[str] = (),
    task_type: TaskType | None = None,
) -> TaskData:
    """A task on the sides that it comes with, "train" and one or both of "validation" and "test", with the labels of
    training, in the order of `declared` where that holds them. `notes` are those that there are already.

    Raises:
        DataError: one label only, too many, or a side of no use.
    """
    kind = task_type or TASK_TYPES[USUAL]
    labels = kind.labels(sides["train"].labels, columns.label, declared)
    said = list(notes)

    def numbered(side: str) -> tuple[list[str], list[Gold]] | None:
        if side not in sides:
            return None
        pairs = list(zip(sides[side].texts, sides[side].labels, strict=True))
        known = [(text, gold) for text, mark in pairs if (gold := kind.gold(mark, labels)) is not None]
        if len(known) < len(pairs):
            said.append(f"Rows left out of {side} because training has no such label: {len(pairs) - len(known):,}.")
        return [text for text, _ in known], [number for _, number in known]

    training = numbered("train")
    assert training is not None
    split = keep_sides(training, numbered("validation"), numbered("test"))
    learnable = split.train.counts()
    unlearnable = [name for number, name in enumerate(labels) if kind.exclusive and not learnable[number]]
    if unlearnable:
        raise DataError(
            f"The training side has no text of {', '.join(map(repr, unlearnable))} that is not in validation or test "
            "too. Choose a data set with more texts."
        )
    kind.require_sides(
        {"train": split.train.labels, "validation": split.validation.labels, "test": split.test.labels}, labels
    )
    empty = sum(side.empty_rows for side in sides.values())
    said += Labelled((), tuple(mark for side in sides.values() for mark in side.labels), empty).notes
    rationales, found = rationales_of([sides[side] for side in ("test", "validation", "train") if side in sides])
    return TaskData(
        title,
        labels,
        split.train,
        split.validation,
        split.test,
        (*said, *split.notes, *found),
        rationales,
        kind.name,
        columns.texts,
    )
