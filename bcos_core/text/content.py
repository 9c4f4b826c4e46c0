"""Tasks known by their content, whatever their file or data set is called."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from bcos_core.errors import DataError
from bcos_core.storage.content import file_hash
from bcos_core.tasks.registry import USUAL
from bcos_core.text.bundle import open_bundle
from bcos_core.text.examples import TaskData
from bcos_core.text.table import MAX_FILE_BYTES
from bcos_core.text.tasks import TaskChoice


def data_hash(data: TaskData) -> str:
    """SHA-256 over type, label names, texts and labels of every side: two tasks that train the same have the same."""
    sides = [[side.texts, side.labels] for side in (data.train, data.validation, data.test)]
    # A single-label task is named as it was before there were others: what was made of it goes on being known.
    kind = [] if data.type == USUAL else [data.type]
    text = json.dumps([*kind, data.labels, sides], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def choice_hash(choice: TaskChoice) -> str:
    """SHA-256 of the file that a choice names, without reading it as a table, of a folder of all its files; "" where it
    names none that is there.

    Embedded tasks and hub data sets have no file that a person edits.
    """
    path = Path(choice.name)
    try:
        if choice.kind == "file" and path.is_dir():
            names = sorted(open_bundle(path).sizes)
            return hashlib.sha256(json.dumps([[name, file_hash(path / name)] for name in names]).encode()).hexdigest()
        readable = choice.kind == "file" and path.is_file() and path.stat().st_size <= MAX_FILE_BYTES
        return file_hash(path) if readable else ""
    except (OSError, DataError):
        return ""
