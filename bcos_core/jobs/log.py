"""A job's log: one text file, appended to by every start of the job."""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TextIO

TAIL_BYTES_PER_LINE = 400
LEAST_TAIL_BYTES, MOST_TAIL_BYTES = 64 * 1024, 4 * 1024 * 1024


class JobLog:
    """Lines for a person on stderr, kept in the job's log file.

    What a supervisor starts has a stderr that comes to the file, on this machine or from a cluster; a job in the
    foreground writes twice.
    """

    def __init__(self, path: Path, *, foreground: bool) -> None:
        self._file: TextIO | None = None
        if foreground:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8", errors="backslashreplace", buffering=1)

    def line(self, text: str) -> None:
        """One line, on stderr and in the file."""
        _say(text)
        if self._file is not None:
            self.file_line(text)

    def file_line(self, text: str) -> None:
        """One line in the file alone. Losing it to a full disk is no reason to end the work."""
        if self._file is None:
            _say(text)
            return
        with suppress(OSError):
            self._file.write(text + "\n")

    def traceback(self, error: BaseException) -> None:
        self.file_line("".join(traceback.format_exception(error)).rstrip())

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # the terminal or pipe behind stderr may be gone: the work goes on
        sys.stderr.write(text + "\n")
        sys.stderr.flush()


def tail(path: Path, lines: int) -> str:
    """The last `lines` lines of a text file, "" if there is none yet.

    One read of the file's end, whatever its size: `TAIL_BYTES_PER_LINE` for each line asked for, within the bounds
    above. Where longer lines need more, there are fewer of them; of one that fills it all, its end stands after an
    ellipsis. Of a line that a progress bar has drawn over, the last state is given.
    """
    if lines < 1:
        return ""
    wanted = min(max(LEAST_TAIL_BYTES, lines * TAIL_BYTES_PER_LINE), MOST_TAIL_BYTES)
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - wanted))
            data = file.read(wanted)
    except FileNotFoundError:
        return ""
    cut = size > wanted
    if cut:
        beginning, end_of_line, rest = data.partition(b"\n")
        data, cut = (rest, False) if end_of_line and rest else (beginning, True)
    # A character that the cut has halved is left out.
    text = data.lstrip(bytes(range(0x80, 0xC0))).decode("utf-8", "replace") if cut else data.decode("utf-8", "replace")
    drawn = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    if drawn and not drawn[-1]:
        drawn.pop()
    if cut and drawn and "\r" not in text.rstrip("\r"):
        drawn[0] = f"…{drawn[0]}"
    return "\n".join(drawn[-lines:])
