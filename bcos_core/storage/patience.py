"""Waiting for a database or a store that does not answer for a while, such as during a restart of its server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from bcos_core.errors import UnreachableError

Done = TypeVar("Done")
PATIENCE_SECONDS = 300.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 10.0


def patiently(act: Callable[[], Done], say: Callable[[str], None], *, seconds: float | None = None) -> Done:
    """What `act` gives, tried again while what it needs does not answer, for `PATIENCE_SECONDS` by default. It must
    bear being done twice: an answer may be lost on its way back.

    Raises:
        UnreachableError: there was no answer in all that time.
        StorageError: another fault, at once.
    """
    ends, pause = time.monotonic() + (PATIENCE_SECONDS if seconds is None else seconds), _FIRST_PAUSE
    while True:
        try:
            return act()
        except UnreachableError as error:
            if time.monotonic() + pause > ends:
                raise
            say(f"{error} Tried again in {pause:.0f} s.")
            time.sleep(pause)
            pause = min(_LONGEST_PAUSE, 2 * pause)
