"""Files of a task as people write them: forty rows of two classes, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bcos_core.errors import DataError
from bcos_core.text.examples import TaskData
from bcos_core.text.files import load_file

ROWS = [(f"Sentence {i}, with a comma", "good" if i % 2 else "bad") for i in range(40)]


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def csv_text(rows: list[tuple[Any, Any]] = ROWS, delimiter: str = ",", header: str = "text,label") -> str:
    lines = [header.replace(",", delimiter), *(f'"{text}"{delimiter}{label}' for text, label in rows)]
    return "\n".join(lines) + "\n"


def json_lines(labels: list[Any]) -> str:
    return "".join(json.dumps({"text": f"Sentence {i}", "label": label}) + "\n" for i, label in enumerate(labels))


def pairs(data: TaskData) -> set[tuple[str, str]]:
    return {
        (text, data.labels[label])
        for side in (data.train, data.validation, data.test)
        for text, label in zip(side.texts, side.classes, strict=True)
    }


def refused(path: Path, *columns: str) -> str:
    with pytest.raises(DataError) as caught:
        load_file(path, *columns)
    return str(caught.value)
