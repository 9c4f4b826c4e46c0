"""What people leave behind who have left: the state of their pages, and the memory that it lay in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bcos_core.allocator import give_back
from pages.server.seams import forget_left_sessions

LOOK_SECONDS = 60.0
"""Streamlit keeps the page of a connection that ended for two minutes."""


class Left:
    """Looks, while there is something that was left and is still kept, now and then what of it can go.

    Not thread-safe: of the server's loop.
    """

    def __init__(
        self,
        forget: Callable[[], int] = forget_left_sessions,
        tidy: Callable[[], None] = give_back,
        *,
        seconds: float = LOOK_SECONDS,
    ) -> None:
        self._forget = forget
        self._tidy = tidy
        self._seconds = seconds
        self._kept = 0
        self._next: asyncio.TimerHandle | None = None

    def note(self) -> None:
        """A connection has ended."""
        self._kept += 1
        if self._next is None:
            self._next = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def _look(self) -> None:
        self._next = None
        before, self._kept = self._kept, self._forget()
        loop = asyncio.get_running_loop()
        if self._kept:
            self._next = loop.call_later(self._seconds, self._look)
        if self._kept < before:
            loop.run_in_executor(None, self._tidy)  # some tens of milliseconds
