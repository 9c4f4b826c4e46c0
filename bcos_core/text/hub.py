"""Tasks from data sets on the Hugging Face hub, with their own splits where they have them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bcos_core.errors import DataError, HubUnavailableError
from bcos_core.hub import require_hub
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.columns import Columns, choose_columns
from bcos_core.text.corpora.known import layout_of
from bcos_core.text.corpora.layout import LaidOut, Layout, RowsTable
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.examples import TaskData
from bcos_core.text.labelled import Labelled, make_task, make_task_of_sides, read_labelled

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict, IterableDataset, IterableDatasetDict

MAX_ROWS = 500_000  # per split; of a longer one a random part is taken
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_SIDES = {"train": ("train",), "validation": ("validation", "valid", "val", "dev"), "test": ("test",)}


def load_hub(
    hub_id: str,
    config: str | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    rationale_column: str | None = None,
    second_column: str | None = None,
    *,
    task_type: TaskType | None = None,
    separator: str | None = None,
) -> TaskData:
    """The task in a hub data set. Text and label columns that are not named are guessed; code in the data set is
    never run.

    Raises:
        HubUnavailableError: the hub cannot be reached and the data set is not in the local cache.
        DataError: no such data set or configuration, or its columns or classes cannot be used.
    """
    splits = load_splits(hub_id, config)
    kind = task_type or TASK_TYPES[USUAL]
    first = next(iter(splits.values()))
    layout = layout_of(first.column_names)
    columns = choose_columns(
        layout.all_columns(first.column_names) if layout else first.column_names,
        text_column,
        label_column or (None if layout else _class_label(first)),
        rationale_column or (layout.rationale if layout else None),
        second_column,
    )
    notes: list[str] = []
    sides: dict[str, Labelled] = {}
    for side, split_name in choose_splits(hub_id, list(splits)).items():
        labelled = _read_split(splits[split_name], columns, notes, layout, task_type=kind, separator=separator)
        if labelled is not None:
            sides[side] = labelled
    if "train" not in sides:
        raise DataError(f"The training split of {hub_id!r} has no row with a text and a label. Choose other columns.")
    title = f"{hub_id} ({config})" if config else hub_id
    declared = () if layout else _declared_classes(first, columns.label)
    if len(sides) == 1:
        data = make_task(title, sides["train"], columns, declared, kind)
        return replace(data, notes=(*notes, *data.notes))
    return make_task_of_sides(title, sides, columns, declared, notes, kind)


def require_hub_id(hub_id: str) -> None:
    """Refuse what is not of the form owner/name.

    Raises:
        DataError: it is not.
    """
    if not _HUB_ID.fullmatch(hub_id) or ".." in hub_id:
        raise DataError(f"{hub_id!r} is not the id of a hub data set. Expected owner/name, as in stanfordnlp/imdb.")


def load_splits(hub_id: str, config: str | None) -> DatasetDict:
    """All splits, from the hub or, without one, from the local cache."""
    splits: DatasetDict = _splits(hub_id, config, streaming=False)
    return splits


def stream_splits(hub_id: str, config: str | None) -> IterableDatasetDict | DatasetDict:
    """The same as streams: their rows come over the network as they are gone through, and nothing is kept on the disk;
    without a hub, those of the local cache."""
    return _splits(hub_id, config, streaming=True)


def require_within_reach(hub_id: str, config: str | None) -> None:
    """
    Raises:
        HubUnavailableError: the hub cannot be reached and the data set is not in the local cache.
        DataError: a folder stands in its way.
    """
    _cached_without_hub(hub_id, config)


def _splits(hub_id: str, config: str | None, *, streaming: bool) -> Any:
    import datasets

    if (cached := _cached_without_hub(hub_id, config)) is not None:
        return cached
    try:
        return datasets.load_dataset(hub_id, config, **({"streaming": True} if streaming else {}))
    except ConnectionError as error:
        raise broken_off(hub_id, error) from error
    except Exception as error:  # `datasets` raises many kinds; all say that this data set cannot be used
        raise DataError(
            f"The data set {hub_id!r} cannot be loaded: {_first_lines(error)} Check the id and the configuration."
        ) from error


def rows_of(split: Dataset | IterableDataset, hub_id: str, *, first: int = 1) -> Iterator[Mapping[str, Any]]:
    """The rows of a split of `stream_splits`, one at a time; `first` is the number of the first one.

    Raises:
        HubUnavailableError: the hub breaks off.
        DataError: a row cannot be read.
    """
    rows = iter(split)
    for number in count(first):
        try:
            row = next(rows)
        except StopIteration:
            return
        except OSError as error:  # a lost connection is one
            raise broken_off(hub_id, error) from error
        except Exception as error:  # many kinds, as above
            raise DataError(
                f"Row {number:,} of the data set {hub_id!r} cannot be read: {_first_lines(error)} Choose another one, "
                "or save what can be read of it as a file."
            ) from error
        yield row


def broken_off(hub_id: str, error: Exception) -> HubUnavailableError:
    return HubUnavailableError(
        f"The hub broke off while the data set {hub_id!r} was loading ({_first_lines(error)}). Try again, or use an "
        f"embedded task ({', '.join(EMBEDDED_TASKS)}) or a local file."
    )


def _cached_without_hub(hub_id: str, config: str | None) -> DatasetDict | None:
    """None where the hub can be reached; without one, what the local cache has.

    Raises:
        HubUnavailableError, DataError: as in `require_within_reach`.
    """
    require_hub_id(hub_id)
    if Path(hub_id).exists():
        # `datasets` would read the folder instead, past the folders that may be read.
        raise DataError(
            f"A local folder {hub_id!r} hides the hub data set of that name. Start from another folder, or rename it."
        )
    try:
        require_hub(
            f"the data set {hub_id!r}",
            instead=f"an embedded task ({', '.join(EMBEDDED_TASKS)}) or a local file (CSV, JSONL, Parquet)",
        )
    except HubUnavailableError:
        cached = _load_cached(hub_id, config)
        if cached is None:
            raise
        return cached
    return None


def _load_cached(hub_id: str, config: str | None) -> DatasetDict | None:
    """A data set that an earlier run has left in the local cache of `datasets`."""
    from datasets.packaged_modules.cache.cache import Cache

    try:
        builder = Cache(
            dataset_name=hub_id.rsplit("/", 1)[-1], config_name=config, version="auto", hash="auto", repo_id=hub_id
        )
        builder.download_and_prepare()
        return builder.as_dataset()
    except (ValueError, OSError):
        return None


def choose_splits(hub_id: str, names: list[str]) -> dict[str, str]:
    """Which split serves as which side."""
    chosen = {
        side: next(name for name in usual if name in names)
        for side, usual in _SIDES.items()
        if any(name in names for name in usual)
    }
    if "train" in chosen:
        return chosen
    if len(names) == 1:
        return {"train": names[0]}
    raise DataError(
        f"The data set {hub_id!r} has no split named train, but {', '.join(names)}. Choose another one, or save the "
        "split that you want as a file."
    )


def _read_split(
    split: Dataset,
    columns: Columns,
    notes: list[str],
    layout: Layout | None,
    *,
    task_type: TaskType,
    separator: str | None,
) -> Labelled | None:
    """The labelled texts of one split; None if it has no labels, as the test splits of some benchmarks."""
    split, places = sampled_rows(split, notes)
    if layout:
        # Of a data set that is known, labels are made of what people said, and never hidden.
        table = LaidOut(RowsTable(tuple(split.column_names), (tuple(row.values()) for row in split)), layout)
        return read_labelled(table.numbered_rows(columns.all), columns, task_type=task_type, separator=separator)
    cells = split.select_columns(list(columns.all))[:]
    values = cells[columns.label]
    names = _label_names(split, columns.label)
    if names:
        values = [_named(value, names) for value in values]
    elif all(value == -1 for value in values):
        return None
    if not any(value is not None for value in values):
        return None
    rows = zip(*({**cells, columns.label: values}[column] for column in columns.all), strict=True)
    numbered = ((place + 1, row) for place, row in zip(places, rows, strict=True))
    return read_labelled(numbered, columns, task_type=task_type, separator=separator)


def sampled_rows(split: Dataset, notes: list[str]) -> tuple[Dataset, Sequence[int]]:
    """The rows of a split that fit into memory, and their places in it; a note is added where they are not all."""
    if len(split) <= MAX_ROWS:
        return split, range(len(split))
    notes.append(f"{MAX_ROWS:,} of {len(split):,} rows were taken, by lot, to fit into memory.")
    # By lot, because the classes of a sorted or alternating split would not survive taking every nth row.
    places = sorted(random.Random(0).sample(range(len(split)), MAX_ROWS))
    return split.select(places), places


def _class_label(split: Dataset) -> str | None:
    """The column that is declared as a class label, if there is exactly one."""
    declared = [name for name in split.column_names if _label_names(split, name)]
    return declared[0] if len(declared) == 1 else None


def _label_names(split: Dataset, column: str) -> list[str]:
    """The names of a column of class labels, or of lists of them."""
    feature = split.features[column]
    return list(getattr(getattr(feature, "feature", feature), "names", None) or ())


def _named(value: int | list[int] | None, names: list[str]) -> str | list[str] | None:
    """Numbers of class labels as their names."""
    if isinstance(value, list):
        return [names[one] for one in value if 0 <= one < len(names)]
    return names[value] if value is not None and 0 <= value < len(names) else None


def _declared_classes(split: Dataset, column: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in _label_names(split, column))


def _first_lines(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()][:3]
    return " ".join(lines) or f"{type(error).__name__}."
