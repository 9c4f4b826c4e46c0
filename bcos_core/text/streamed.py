"""Running text from a hub data set of any size: its rows are gone through from the first on, and no more of them than
give the texts that are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcos_core.errors import DataError
from bcos_core.text.hub import MAX_ROWS, choose_splits, rows_of, stream_splits
from bcos_core.text.labels import text_value
from bcos_core.text.split import TEST_SHARE, VALIDATION_SHARE, Digest, digest, position
from bcos_core.text.table import MAX_CHARACTERS, require_cell

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

SIDES = ("test", "validation", "train")
"""In the order in which they are read: a text of two sides stays on the one that is read first."""
HALF = 0.5
_BEAT_ROWS = 100


@dataclass(frozen=True)
class Wanted:
    """How many texts of each side are needed; None for as many as there are."""

    train: int | None = None
    validation: int | None = None
    test: int | None = None

    def of(self, side: str) -> float:
        number = {"train": self.train, "validation": self.validation, "test": self.test}[side]
        return float("inf") if number is None else number


EVERYTHING = Wanted()


def side_of(key: Digest, side: str, given: Collection[str]) -> str:
    """Where a text ends that a data set has on a `side` of those that it is `given` with: of a training side alone 82 %
    stay there, 6 % are for validation, 12 % for the test, and of a single held-out side one half is for validation; by
    the text's digest each time."""
    ends, place = _ends(side, given), position(key)
    if ends == SIDES:
        return "test" if place < TEST_SHARE else "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"
    return ends[0] if len(ends) == 1 or place >= HALF else "validation"


def _ends(side: str, given: Collection[str]) -> tuple[str, ...]:
    if len(given) == 1:
        return SIDES
    return (side,) if side == "train" or {"validation", "test"} <= set(given) else ("test", "validation")


def readable(cell: object, column: str, place: str) -> str:
    """A cell as a text, "" where there is none.

    Raises:
        DataError: it is no text, or a longer one than is read.
    """
    text = text_value(cell, column)
    require_cell(len(text), f"The text in {place}")
    return text


def streamed_texts(
    hub_id: str,
    config: str | None,
    choose: Callable[[list[str]], str],
    wanted: Wanted,
    beat: Callable[[float, float], None] = lambda done, total: None,
) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Different texts by the side on which the data set has them, at most as many as are `wanted` of each side that
    they end on (`side_of`), and notes. `choose` says which of the columns holds them.

    Raises:
        HubUnavailableError: the hub cannot be reached, or breaks off, and the data set is not in the local cache.
        DataError: no such data set, configuration or column, or a cell that is no text.
    """
    splits = stream_splits(hub_id, config)
    given = choose_splits(hub_id, list(splits))
    reading = _Reading(hub_id, given, wanted, beat)
    column = choose(_columns(splits[given["train"]], hub_id))
    for side in SIDES:
        if side in given:
            reading.read(side, splits[given[side]], column)
    return reading.texts, reading.notes()


class _Reading:
    """What was read so far."""

    def __init__(
        self, hub_id: str, given: Collection[str], wanted: Wanted, beat: Callable[[float, float], None]
    ) -> None:
        self.hub_id, self.given, self.wanted, self.beat = hub_id, given, wanted, beat
        self.texts: dict[str, list[str]] = {}
        self.found: Counter[str] = Counter()
        self.seen: set[Digest] = set()
        self.rows = self.characters = self.empty = self.repeated = 0
        self.stopped: dict[str, str] = {}

    def read(self, side: str, split: Dataset | IterableDataset, column: str) -> None:
        """Go through the rows of a side until there are as many texts as are wanted of it."""
        ends = _ends(side, self.given)
        if self._full(ends):
            return
        for number, row in enumerate(rows_of(split.select_columns([column]), self.hub_id), 1):
            self.rows += 1
            self._take(row[column], f"row {number:,}", column, side)
            if self.rows % _BEAT_ROWS == 0:
                self._tell()
            if self._full(ends):
                self.stopped[side] = "more were not asked for"
                return
            if number >= MAX_ROWS or self.characters > MAX_CHARACTERS:
                self.stopped[side] = "more do not fit into memory"
                return

    def notes(self) -> tuple[str, ...]:
        reasons = list(dict.fromkeys(self.stopped.values()))
        said = [f"Rows that were read: {self.rows:,}, from the first on; {' and '.join(reasons)}."] if reasons else []
        if self.empty:
            said.append(f"Rows left out because their text is empty: {self.empty:,}.")
        if self.repeated:
            said.append(f"Repeated texts left out: {self.repeated:,}.")
        return tuple(said)

    def _take(self, cell: object, place: str, column: str, side: str) -> None:
        text = readable(cell, column, place)
        if not text:
            self.empty += 1
            return
        key = digest(text)
        if key in self.seen:
            self.repeated += 1
            return
        self.seen.add(key)
        end = side_of(key, side, self.given)
        if self.found[end] < self.wanted.of(end):
            self.found[end] += 1
            self.characters += len(text)
            self.texts.setdefault(side, []).append(text)

    def _tell(self) -> None:
        asked = sum(map(self.wanted.of, SIDES))
        if asked == float("inf"):
            self.beat(self.rows, max(self.rows, MAX_ROWS))
        else:
            self.beat(self.found.total(), asked)

    def _full(self, sides: Collection[str]) -> bool:
        return all(self.found[side] >= self.wanted.of(side) for side in sides)


def _columns(split: Dataset | IterableDataset, hub_id: str) -> list[str]:
    """The names of the columns: of a stream they may be known with its first row alone."""
    names = split.column_names or list(next(rows_of(split, hub_id), {}))
    if not names:
        raise DataError(f"The training split of {hub_id!r} has no rows. Choose another data set.")
    return list(names)
