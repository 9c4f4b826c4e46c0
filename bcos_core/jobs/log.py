"""A job's log: one text file, appended to by every start of the job."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TextIO

TAIL_BYTES_PER_LINE = 400


class JobLog:
    """Lines for a person on stderr, kept in the job's log file.

    The supervisor points a job's stderr at the file, so there one write does both; a job in the foreground
    writes twice.
    """

    def __init__(self, path: Path, *, foreground: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)
        self._foreground = foreground

    def line(self, text: str) -> None:
        """One line, on stderr and in the file."""
        with suppress(OSError, ValueError):  # the terminal or pipe behind stderr may be gone: the work goes on
            sys.stderr.write(text + "\n")
            sys.stderr.flush()
        if self._foreground:
            self.file_line(text)

    def file_line(self, text: str) -> None:
        """One line in the file alone. Losing it to a full disk is no reason to end the work."""
        with suppress(OSError):
            self._file.write(text + "\n")

    def traceback(self, error: BaseException) -> None:
        self.file_line("".join(traceback.format_exception(error)).rstrip())

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()


def tail(path: Path, lines: int) -> str:
    """The last `lines` lines of a text file, "" if there is none yet.

    Reads the end of the file only. Of a line that a progress bar has drawn over, the last state is given.
    """
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            wanted = max(1, lines) * TAIL_BYTES_PER_LINE
            while True:
                file.seek(max(0, size - wanted))
                data = file.read(wanted)
                if data.count(b"\n") > lines or wanted >= size:
                    break
                wanted *= 4
    except FileNotFoundError:
        return ""
    text = data.decode("utf-8", errors="replace")
    drawn = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    if drawn and not drawn[-1]:
        drawn.pop()
    return "\n".join(drawn[-lines:]) if lines > 0 else ""
