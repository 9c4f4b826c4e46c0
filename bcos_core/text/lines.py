"""The lines of a text, numbered as an editor numbers them, without copying the whole text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bcos_core.text.table import MAX_ROW_CHARACTERS, require_row

_BARE_RETURN = re.compile(r"\r(?!\n)")
_BLANK_LINES = re.compile(r"[\r\n]+")


def count_lines(text: str) -> int:
    """How many line ends a text has: line feeds, with or without a carriage return, and bare carriage returns."""
    return text.count("\n") + text.count("\r") - text.count("\r\n")


def text_lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line's number and content; lines end at line feeds, and a carriage return before one belongs to the end.

    Nothing else ends a line: not the separators of Unicode (U+2028, U+0085), which stand in texts.
    """
    start, number = 0, 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        yield number, text[start:end].removesuffix("\r")
        start = end + 1


class Lines:
    """Pieces of a text with their ends, for a reader that joins those of a quoted text: besides line feeds, bare
    carriage returns end a piece, as in files of old Macs.

    Of the piece that was given last, `torn` says whether a bare carriage return ended it in a text that has line feeds.
    """

    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._old_mac = "\n" not in text
        self._has_returns = _BARE_RETURN.search(text) is not None
        self._at = self._row_start = 0
        self._line = self._row = 1  # of the next piece, and of the row's first
        self.torn = False

    def begin_row(self) -> int:
        """Pass over blank lines; the number of the line that comes next. A row's characters are counted from there."""
        found = _BLANK_LINES.match(self._text, self._at)
        if found is not None and not self.torn:
            self._line += count_lines(found.group())
            self._at = found.end()
        self._row_start, self._row = self._at, self._line
        return self._row

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        start = self._at
        if start == len(self._text):
            raise StopIteration
        end = self._text.find("\n", start) + 1 or len(self._text)
        if self._has_returns:
            found = _BARE_RETURN.search(self._text, start, end)
            end = end if found is None else found.end()
        if end - self._row_start > MAX_ROW_CHARACTERS:
            require_row(end - self._row_start, f"{self._name}, the row that begins in line {self._row:,},")
        self._at = end
        self.torn = self._text[end - 1] == "\r" and not self._old_mac
        # Lines as an editor has them: what a bare carriage return cuts off is still in its line.
        self._line += not self.torn
        return self._text[start:end]
