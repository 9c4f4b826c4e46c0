"""Turns on the processor: as many things are computed at a time as there are cores, first come, first served."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from bcos_core.wanted import GivenUp, until
from pages.server.seams import run_is_over

_LOOK_SECONDS = 0.05  # between two looks at whether the one who waits is still wanted


class Turns:
    """So many at once; whoever waits keeps the place in which they came."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[object] = deque()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, given_up: Callable[[], bool] = lambda: False) -> Iterator[None]:
        """Wait for a turn, and hold it.

        Raises:
            GivenUp: `given_up` said so meanwhile.
        """
        self._wait(given_up)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _wait(self, given_up: Callable[[], bool]) -> None:
        place = object()
        with self._changed:
            self._waiting.append(place)
            try:
                while not (self._free and self._waiting[0] is place):
                    if given_up():
                        raise GivenUp
                    self._changed.wait(_LOOK_SECONDS)
                self._free -= 1
            finally:
                self._waiting.remove(place)
                self._changed.notify_all()


@contextmanager
def turn(turns: Turns) -> Iterator[None]:
    """A turn for this run of the page, which ends here if a newer one has replaced it: while it waits, and between
    two passes over a model."""
    try:
        with turns.take(run_is_over), until(run_is_over):
            yield
    except GivenUp:
        st.stop()
