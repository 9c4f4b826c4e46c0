"""Data sets as streams of rows: those that come with the program, and those of the hub."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from bcos_core.errors import DataError
from bcos_core.text.content import data_hash
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.hub import choose_splits, rows_of, stream_splits
from bcos_core.text.rows import Rows

if TYPE_CHECKING:
    from datasets import Dataset, IterableDataset

SPLITS = ("train", "validation", "test")


class EmbeddedRows(Rows):
    """A side of an embedded task: "text", and "label" by its name; of pairs "text" and "second"."""

    def __init__(self, name: str, split: str | None) -> None:
        self._data = EMBEDDED_TASKS[name].load()
        self._split = split or SPLITS[-1]
        self._side = getattr(self._data, self._split)
        self._names = EMBEDDED_TASKS[name].text_columns
        self.columns = (*self._names, "label")

    @property
    def count(self) -> int | None:
        return len(self._side.texts)

    @property
    def fingerprint(self) -> str:
        return f"{data_hash(self._data)}/{self._split}"

    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        from bcos_core.tasks.registry import TASK_TYPES
        from bcos_core.text.pair import texts_of

        kind = TASK_TYPES[self._data.type]
        for text, gold in islice(zip(self._side.texts, self._side.labels, strict=True), start, None):
            row = dict(zip(self._names, texts_of(text), strict=True), label=kind.word(gold, self._data.labels))
            yield tuple(row[column] for column in columns)

    def require_unchanged(self) -> None:
        """They come with the program."""


class HubRows(Rows):
    """A split of a hub data set: over the network as it is gone through, or from the local cache."""

    def __init__(self, hub_id: str, config: str | None, split: str | None) -> None:
        splits = stream_splits(hub_id, config)
        names = list(splits)
        split = split or choose_splits(hub_id, names)["train"]
        if split not in names:
            raise DataError(f"{hub_id!r} has no split {split!r}. It has {', '.join(names)}.")
        self._id, self._split = hub_id, split
        self._rows: Dataset | IterableDataset = splits[split]
        columns = self._rows.column_names or list(next(rows_of(self._rows, hub_id), {}))
        if not columns:
            raise DataError(f"The split {split!r} of {hub_id!r} has no rows. Choose another one.")
        self.columns = tuple(columns)

    @property
    def count(self) -> int | None:
        if hasattr(self._rows, "__len__"):
            return len(self._rows)
        known = (self._rows.info.splits or {}).get(self._split)
        return int(known.num_examples) if known is not None and known.num_examples else None

    @property
    def fingerprint(self) -> str:
        from datasets import Dataset

        if isinstance(self._rows, Dataset):
            return f"datasets:{self._rows._fingerprint}"
        return f"hub:{_revision(self._id)}/{self._rows.info.config_name}/{self._split}"

    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        rows = self._rows.select_columns(list(columns))
        rows = rows.skip(start) if start else rows
        named = {name: _class_names(rows, name) for name in columns}
        for row in rows_of(rows, self._id, first=start + 1):
            yield tuple(_named(row[name], named[name]) for name in columns)

    def require_unchanged(self) -> None:
        """What was opened is a state of the data set, which stays."""


def _class_names(rows: Dataset | IterableDataset, column: str) -> list[str]:
    """Those of a column of class labels; none of any other."""
    feature = (rows.features or {}).get(column)
    return list(getattr(feature, "names", None) or ())


def _named(cell: Any, names: list[str]) -> Any:
    return names[cell] if names and isinstance(cell, int) and 0 <= cell < len(names) else cell


def _revision(hub_id: str) -> str:
    """What the hub calls the state of a data set.

    Raises:
        HubUnavailableError: it cannot be asked.
    """
    from huggingface_hub import HfApi

    from bcos_core.text.hub import broken_off

    try:
        return str(HfApi().dataset_info(hub_id).sha)
    except Exception as error:
        raise broken_off(hub_id, error) from error
