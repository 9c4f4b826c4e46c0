"""Whether work is still wanted: asked before every pass over a model, so that a long explanation can be given up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_given_up: ContextVar[Callable[[], bool] | None] = ContextVar("given_up", default=None)


class GivenUp(Exception):
    """Nobody wants any more what was waited for, or worked at."""


@contextmanager
def until(given_up: Callable[[], bool]) -> Iterator[None]:
    """What the present thread does inside the block ends with `GivenUp` at its next pass once `given_up` says so."""
    before = _given_up.set(given_up)
    try:
        yield
    finally:
        _given_up.reset(before)


def require_wanted() -> None:
    """
    Raises:
        GivenUp: nobody wants any more what the present thread works at.
    """
    given_up = _given_up.get()
    if given_up is not None and given_up():
        raise GivenUp
