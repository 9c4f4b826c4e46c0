"""JSON tables: one object a line (JSONL), or one list of objects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bcos_core.errors import DataError
from bcos_core.text.decode import decode

_EXPECTED = 'one object per row, such as {"text": "A fine film.", "label": "positive"}'


def open_json(path: Path) -> JsonTable | JsonLinesTable:
    """A `.json` file: a list of objects, or JSON lines under the wrong ending."""
    text = decode(path.read_bytes(), path.name)
    if text.lstrip().startswith("{"):
        return JsonLinesTable(path)
    return JsonTable(text, path.name)


class JsonTable:
    """A list of objects. The columns are all their keys, in the order of their first appearance."""

    def __init__(self, text: str, name: str) -> None:
        parsed = _parse(text, name, first_line=1)
        if not isinstance(parsed, list):
            raise DataError(f"{name} holds {_kind(parsed)}; expected a list with {_EXPECTED}.")
        for place, row in enumerate(parsed, start=1):
            if not isinstance(row, dict):
                raise DataError(f"{name}, item {place}: {_kind(row)}; expected {_EXPECTED}.")
        self._rows: list[dict[str, Any]] = parsed
        self.columns = tuple(dict.fromkeys(key for row in parsed for key in row))
        self.row_count = len(parsed)
        _require_columns(self.columns, name)

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        for row in self._rows:
            yield tuple(row.get(column) for column in columns)


class JsonLinesTable:
    """One object a line. Lines are parsed anew in each pass, so that memory holds one row at a time."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._text = decode(path.read_bytes(), path.name)
        keys: dict[str, None] = {}
        self.row_count = 0
        for row in self._objects():
            keys.update(dict.fromkeys(row))
            self.row_count += 1
        self.columns = tuple(keys)
        _require_columns(self.columns, self._name)

    def rows(self, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        for row in self._objects():
            yield tuple(row.get(column) for column in columns)

    def _objects(self) -> Iterator[dict[str, Any]]:
        # Not str.splitlines: it also cuts at U+2028 and others, which JSON allows inside a string.
        for number, line in enumerate(self._text.split("\n"), start=1):
            if not line.strip():
                continue
            row = _parse(line, self._name, first_line=number)
            if not isinstance(row, dict):
                raise DataError(f"{self._name}, line {number}: {_kind(row)}; expected {_EXPECTED}.")
            yield row


def _parse(text: str, name: str, *, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise DataError(
            f"{name}, line {line}, column {error.colno}: not JSON ({error.msg}). Expected {_EXPECTED}; "
            "a .jsonl file has one object per line."
        ) from None
    except (RecursionError, ValueError) as error:
        raise DataError(
            f"{name}, line {first_line}: this JSON cannot be read ({error}). Expected {_EXPECTED}."
        ) from None


def _require_columns(columns: tuple[str, ...], name: str) -> None:
    if not columns:
        raise DataError(f"{name} has no rows with content. Expected {_EXPECTED}.")


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
