"""JSON tables: one object a line (JSONL), or one list of objects.

Objects are parsed anew in each pass, so that memory holds one row at a time.
"""

from __future__ import annotations

import json
import re
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from bcos_core.errors import DataError
from bcos_core.text.lines import count_lines
from bcos_core.text.table import MAX_ROW_CHARACTERS, Table, require_columns, require_row, require_rows

MAX_DEPTH = 50  # of lists and objects within a cell

_EXPECTED = 'one object per row, such as {"text": "A fine film.", "label": "positive"}'
_WHITE_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()


def open_json(text: str, name: str) -> Table:
    """The text of a `.json` file: a list of objects, or JSON lines under the wrong ending."""
    if text.startswith("{", _skip(text, 0)):
        return JsonLinesTable(text, name)
    return JsonListTable(text, name)


class _ObjectTable(Table):
    """Objects, one a row. The columns are all their keys, in the order of their first appearance.

    Raises:
        DataError: not JSON, not objects, nested too deep, or too large.
    """

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        require_rows(count_lines(text), name, "line")
        keys: dict[str, None] = {}
        count = 0
        for number, row in self._values():
            if not isinstance(row, dict):
                raise DataError(f"{name}, {self.unit} {number}: {_kind(row)}; expected {_EXPECTED}.")
            for key, value in row.items():
                if key not in keys:
                    keys[key] = None
                    require_columns(tuple(keys), name)
                if isinstance(value, list | dict) and _is_deep(value):
                    raise DataError(
                        f"{name}, {self.unit} {number}: the value of {key!r} is nested deeper than {MAX_DEPTH} levels. "
                        f"Expected {_EXPECTED}."
                    )
            count += 1
            require_rows(count, name, "row")
        if not keys:
            raise DataError(f"{name} has no rows with content. Expected {_EXPECTED}.")
        self.columns = tuple(keys)
        self._row_count = count

    @property
    def row_count(self) -> int:
        return self._row_count

    def numbered_rows(self, columns: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        for number, row in self._values():
            yield number, tuple(row.get(column) for column in columns)

    @abstractmethod
    def _values(self) -> Iterator[tuple[int, Any]]:
        """Each value of the file, with its number."""

    def _decoded(self, stretch: str, line: int, column: int) -> tuple[Any, int]:
        """The value that a stretch of the file begins with, and where it ends.

        `line` and `column` say where in the file the stretch begins.
        """
        try:
            return _DECODER.raw_decode(stretch)
        except json.JSONDecodeError as error:
            if len(stretch) == MAX_ROW_CHARACTERS and _at_end(error):
                require_row(MAX_ROW_CHARACTERS + 1, f"{self._name}, the row that begins in line {line:,},")
            if error.lineno == 1:
                raise self._broken(line, column + error.colno - 1, error.msg) from None
            raise self._broken(line + error.lineno - 1, error.colno, error.msg) from None
        except RecursionError:
            reason = "it is nested too deep"
        except ValueError:  # int() refuses digits by the thousand
            reason = "a number in it has thousands of digits. Write it as a string, in double quotes, or leave it out"
        raise DataError(
            f"{self._name}, the row that begins in line {line:,}: this JSON cannot be read; {reason}. "
            f"Expected {_EXPECTED}."
        )

    def _broken(self, line: int, column: int, reason: str) -> DataError:
        return DataError(
            f"{self._name}, line {line}, column {column}: not JSON ({reason}). Expected {_EXPECTED}; a .jsonl file has "
            "one object per line."
        )


class JsonLinesTable(_ObjectTable):
    """One object a line."""

    unit = "line"

    def _values(self) -> Iterator[tuple[int, Any]]:
        text, number, end = self._text, 1, 0
        while True:
            start = _skip(text, end)  # over blank lines, and to the first character of one that is not
            number += text.count("\n", end, start)
            if start == len(text):
                return
            end = text.find("\n", start)
            end = len(text) if end < 0 else end
            if end - start > MAX_ROW_CHARACTERS:
                require_row(end - start, f"{self._name}, line {number:,},")
            column = start - text.rfind("\n", 0, start)
            value, length = self._decoded(text[start:end], number, column)
            rest = _skip(text, start + length)
            if rest < end:
                raise self._broken(number, column + rest - start, "Extra data")
            yield number, value


class JsonListTable(_ObjectTable):
    """A list of objects, read in stretches of the text: what is too large is refused before it is parsed."""

    unit = "item"

    def _values(self) -> Iterator[tuple[int, Any]]:
        text = self._text
        at = _skip(text, 0)
        if not text.startswith("[", at):
            value, _ = self._decoded(text[at : at + MAX_ROW_CHARACTERS], *self._place(at))
            raise DataError(f"{self._name} holds {_kind(value)}; expected a list with {_EXPECTED}.")
        at = _skip(text, at + 1)
        closed = text.startswith("]", at)
        start, stretch = at, text[at : at + MAX_ROW_CHARACTERS]
        number = 0
        while not closed:
            number += 1
            value, end = self._whole_value(stretch, at - start)
            if end is None:  # it does not end in this stretch: once more, in one that begins with it
                start, stretch = at, text[at : at + MAX_ROW_CHARACTERS]
                value, end = self._decoded(stretch, *self._place(at))
            yield number, value
            at = _skip(text, start + end)
            closed = text.startswith("]", at)
            if not closed and not text.startswith(",", at):
                raise self._broken(*self._place(at), "Expecting ',' delimiter")
            at = at if closed else _skip(text, at + 1)
        if _skip(text, at + 1) < len(text):
            raise self._broken(*self._place(_skip(text, at + 1)), "Extra data")

    def _whole_value(self, stretch: str, at: int) -> tuple[Any, int | None]:
        """The value at a place of a stretch, and where it ends; no end where it is malformed or may be cut."""
        try:
            value, end = _DECODER.raw_decode(stretch, at)
        except (ValueError, RecursionError):
            return None, None
        return (value, end) if end < len(stretch) else (None, None)

    def _place(self, at: int) -> tuple[int, int]:
        """Line and column of a place in the file, from 1."""
        return self._text.count("\n", 0, at) + 1, at - self._text.rfind("\n", 0, at)


def _skip(text: str, at: int) -> int:
    """Where the white space ends that begins at a place."""
    found = _WHITE_SPACE.match(text, at)
    return at if found is None else found.end()


def _at_end(error: json.JSONDecodeError) -> bool:
    """Whether JSON may be malformed only because it was cut."""
    return error.msg.startswith("Unterminated") or error.pos >= len(error.doc) - 1


def _is_deep(value: object) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            if isinstance(parent, list | dict)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return True


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
