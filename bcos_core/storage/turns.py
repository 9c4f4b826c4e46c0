"""Writers of one SQLite file wait in line, instead of each looking again after ever longer pauses.

SQLite lets a process that finds the file locked sleep and look again, up to 100 ms later; under load some find it
locked each time, for seconds. A lock on a file beside it wakes its waiters instead. It is a courtesy only: SQLite's
own lock still decides, so where this one cannot be had, or not in time, the writer goes on without it. A killed
process holds nothing.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def in_turn(path: Path, *, longest_seconds: float) -> Iterator[None]:
    """Run the body when those who came before are done, or after `longest_seconds`."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        yield  # writing will fail as well, and say why
        return
    try:
        if fcntl is not None and not _is_free(file):
            # Nobody can wait for a file lock for a limited time, but for a thread one can. The lock belongs to the
            # open file, whichever thread asked for it, and a waiter whose file is closed lets go when its turn comes.
            waiter = threading.Thread(target=_wait, args=(file,), daemon=True)
            waiter.start()
            waiter.join(longest_seconds)
        yield
    finally:
        os.close(file)


def _is_free(file: int) -> bool:
    """Take the lock if nobody has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _wait(file: int) -> None:
    with suppress(OSError):  # a file system without such locks
        fcntl.flock(file, fcntl.LOCK_EX)
