"""Two transactions that write at once, in an order that is no matter of luck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar
from unittest.mock import patch

from sqlalchemy import Connection, text

from bcos_core.storage import turns
from bcos_core.storage.database import Database

Result = TypeVar("Result")
SECONDS = 30.0


def meanwhile(database: Database, first: Callable[[Connection], object], second: Callable[[], Result]) -> Result:
    """What `second` gives, or raises, which begins while `first` has written and not committed yet.

    The first commits when the second waits for its turn to write. Whatever the second has read before that is out of
    date by then.

    Raises:
        AssertionError: the second did not wait.
    """
    in_line = threading.Event()
    given: list[Result] = []
    raised: list[BaseException] = []

    def run() -> None:
        try:
            given.append(second())
        except BaseException as error:
            raised.append(error)

    def wait(file: int) -> None:
        in_line.set()
        as_usual(file)

    as_usual = turns._wait
    thread = threading.Thread(target=run)
    with patch.object(turns, "_wait", wait):
        with database.write() as connection:
            first(connection)
            thread.start()
            deadline = time.monotonic() + SECONDS
            while not (in_line.is_set() or _waits(database)):
                assert thread.is_alive(), "the second did not write, or did not wait for the first"
                assert time.monotonic() < deadline
                in_line.wait(0.01)
        thread.join(SECONDS)
    assert not thread.is_alive()
    if raised:
        raise raised[0]
    return given[0]


def _waits(database: Database) -> bool:
    """Whether somebody waits for the writers' lock of a PostgreSQL database."""
    if database.is_sqlite:
        return False
    with database.read() as connection:
        waiting = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(connection.execute(waiting).scalar_one())
