"""What a command prints: text for people, one JSON object for scripts, and errors for both."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bcos_core.home import get_home
from bcos_core.storage.plain import to_plain

LONGEST_ENTRY = 64 * 1024
"""Characters of one error: it may quote whatever it was given."""
LONGEST_LOG = 1024 * 1024
"""Bytes of `errors.log`; then it becomes `errors.log.1`, in the place of the one before."""


def prepare_streams() -> None:
    """A character that the terminal cannot show is written as an escape, instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def to_json(result: dict[str, Any]) -> str:
    """One line of ASCII: no encoding, and no character that some reader takes for a line's end, can break it."""
    return json.dumps(to_plain(result), ensure_ascii=True, allow_nan=False)


def error_json(error: BaseException, message: str) -> str:
    return to_json({"error": {"type": type(error).__name__, "message": message}})


def keep_traceback(error: BaseException, argv: list[str]) -> Path | None:
    """Append what happened to `errors.log` under BCOS_HOME; the file, None if it cannot be written anywhere.

    Where that folder cannot be written, the system's temporary folder takes its place. Neither a long error nor many
    of them fill the disk.
    """
    text = "".join(
        [
            f"--- {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, process {os.getpid()}: {' '.join(argv)}\n",
            *traceback.format_exception(error),
        ]
    )
    if len(text) > LONGEST_ENTRY:
        half = LONGEST_ENTRY // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters are left out …\n{text[-half:]}"
    for folder in (get_home().root, Path(tempfile.gettempdir())):
        path = folder / ("errors.log" if folder == get_home().root else f"bcos-errors-{os.getpid()}.log")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if path.exists() and path.stat().st_size > LONGEST_LOG:
                path.replace(path.with_name(f"{path.name}.1"))
            with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return path
        except OSError:
            continue
    return None
