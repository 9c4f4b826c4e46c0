"""The lines of a text file of any size, one at a time: UTF-8, or UTF-16 with a byte order mark, as in `decode`."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from bcos_core.errors import DataError
from bcos_core.text.decode import HOW_TO_SAVE
from bcos_core.text.table import MAX_ROW_CHARACTERS, require_row

_HEAD = 1_000_000
"""Characters by whose look a delimiter is found."""


class StreamedLines:
    """Lines with their ends, for a reader that joins those of a quoted text. `line` is the number of the last one.

    Raises:
        DataError: while going through them: another encoding, no text at all, or a row that is longer than is read.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        with path.open("rb") as file:
            begin = file.read(2)
        self._encoding = "utf-16" if begin in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
        self._file = path.open(encoding=self._encoding, newline="")
        self.line = self._of_row = 0

    def __enter__(self) -> StreamedLines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def head(self) -> str:
        """The lines that the file begins with."""
        text = self._read(_HEAD)
        return text if len(text) < _HEAD else text[: text.rfind("\n") + 1] or text

    def begin_row(self) -> None:
        """The characters of the next row are counted from here."""
        self._of_row = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._read(MAX_ROW_CHARACTERS + 1, line=True)
        if not text:
            raise StopIteration
        self.line += 1
        self._of_row += len(text)
        require_row(self._of_row, f"{self._name}, the row of line {self.line:,},")
        if "\0" in text:
            raise DataError(f"{self._name} is no text: line {self.line:,} has a zero byte. {HOW_TO_SAVE}")
        return text

    def _read(self, characters: int, *, line: bool = False) -> str:
        try:
            return self._file.readline(characters) if line else self._file.read(characters)
        except UnicodeError as error:
            raise DataError(
                f"{self._name} is not {self._encoding.upper().removesuffix('-SIG')} text after line {self.line:,} "
                f"({error}). {HOW_TO_SAVE}"
            ) from None
