"""Turns on the processor: as many things are computed at a time as there are cores, what takes least before the rest.

Among equals, whoever came first is first. Where more is asked than there are cores for, everybody sees the heatmap of a
single pass at once, and what takes fifty passes waits: in the order of coming, all would wait for all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import streamlit as st

from bcos_core.attribution.registry import METHODS
from bcos_core.wanted import GivenUp, until
from pages.server.seams import run_is_over

_USUAL_TOKENS = 32
_LOOK_SECONDS = 0.05  # between two looks at whether the one who waits is still wanted


class Turns:
    """So many at once; of those who wait, the one of the least cost goes on, and of several the first that came."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: set[tuple[float, int]] = set()
        self._numbers = count()
        self._changed = threading.Condition()

    @contextmanager
    def take(self, given_up: Callable[[], bool] = lambda: False, *, cost: float = 1.0) -> Iterator[None]:
        """Wait for a turn, and hold it. `cost`: what it is for takes about, in passes over a model.

        Raises:
            GivenUp: `given_up` said so meanwhile.
        """
        self._wait(given_up, cost)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _wait(self, given_up: Callable[[], bool], cost: float) -> None:
        with self._changed:
            place = (cost, next(self._numbers))
            self._waiting.add(place)
            try:
                while not (self._free and min(self._waiting) == place):
                    if given_up():
                        raise GivenUp
                    self._changed.wait(_LOOK_SECONDS)
                self._free -= 1
            finally:
                self._waiting.remove(place)
                self._changed.notify_all()


@contextmanager
def turn(turns: Turns, *, cost: float = 1.0) -> Iterator[None]:
    """A turn for this run of the page, which ends here if a newer one has replaced it: while it waits, and between
    two passes over a model."""
    try:
        with turns.take(run_is_over, cost=cost), until(run_is_over):
            yield
    except GivenUp:
        st.stop()


def cost_of(method: str | None, repeats: int = 1) -> float:
    """Of explaining a text of usual length, in forward passes; of the exact contributions where no method is named."""
    return METHODS["bcos" if method is None else method].cost.forward_equivalents(_USUAL_TOKENS) * repeats
