"""What a command prints: text for people, one JSON object for scripts, and errors for both."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import Any, NoReturn

from bcos_core.storage.plain import to_plain

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""But for tabs and line ends."""


def prepare_streams() -> None:
    """A character that the terminal cannot show is written as an escape, instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def for_terminal(text: str) -> str:
    """Text for standard output: where that is a terminal, control characters of a text, or of what a model wrote, are
    written as escapes, since a terminal would obey them. A file or a pipe gets the text as it is."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text) if sys.stdout.isatty() else text


def to_json(result: dict[str, Any]) -> str:
    """One line of ASCII: no encoding, and no character that some reader takes for a line's end, can break it."""
    return json.dumps(to_plain(result), ensure_ascii=True, allow_nan=False)


def error_json(error: BaseException, message: str) -> str:
    return to_json({"error": {"type": type(error).__name__, "message": message}})


def leave(code: int) -> NoReturn:
    """End the process with an exit code.

    One of several of a distributed run ends at once, without Python's way out: there, threads of PyTorch that still
    listen to the other processes abort it now and then, after all that it had to do was done.
    """
    if int(os.environ.get("WORLD_SIZE") or 1) > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)
