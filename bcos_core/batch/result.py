"""The records of a batch in its folder: a row of JSON for each text, with a record of each method."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError
from bcos_core.model.checkpoint import renamed_when_complete
from bcos_core.storage.plain import to_plain

RECORDS_FILE = "records.jsonl"
_ADVICE = "Run the batch again."

Rows = list[tuple[Attribution, ...]]
"""For each text its records, one per method in the order of the specification."""


@dataclass(frozen=True)
class StoredBatch:
    """What a job of this kind says that it made."""

    batch: str
    texts: int
    failed: int
    empty_rows: int
    seconds: float


def save_batch(rows: Iterable[tuple[Attribution, ...]], path: Path) -> None:
    """Write the folder, whole or not at all.

    Raises:
        StorageError: the disk is full.
    """
    with renamed_when_complete(path) as folder, (folder / RECORDS_FILE).open("w", encoding="utf-8") as file:
        for row in rows:
            plain = [to_plain(record.to_dict()) for record in row]
            file.write(json.dumps(plain, ensure_ascii=True, allow_nan=False) + "\n")


def load_batch(path: Path) -> Rows:
    """The rows in a folder.

    Raises:
        InputError: there are none that can be read.
    """
    try:
        with (path / RECORDS_FILE).open(encoding="utf-8") as file:
            return [tuple(Attribution.from_dict(record) for record in json.loads(line)) for line in file]
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"The records of this batch cannot be read ({error}). {_ADVICE}") from error
