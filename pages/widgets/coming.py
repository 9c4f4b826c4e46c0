"""What is computed piece by piece while a person looks, kept between runs of a page: a run that is replaced loses
nothing, and the next one goes on where it was."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Coming(Generic[Item]):
    """Items as far as they are there, and the way on. Several sessions may read on at once: what one has waited for is
    there for the others. An error stays: whoever asks again hears it again."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._rest = items
        self._found: list[Item] = []
        self._over = False
        self._failure: Exception | None = None
        self._one_at_a_time = threading.Lock()

    @property
    def found(self) -> tuple[Item, ...]:
        return tuple(self._found)

    @property
    def over(self) -> bool:
        """Whether it is known that no more come."""
        return self._over

    def go_on(self, count: int) -> None:
        """Compute one item more, unless `count` are there or all are."""
        with self._one_at_a_time:
            if len(self._found) >= count or self._over:
                return
            if self._failure is not None:
                raise self._failure
            try:
                self._found.append(next(self._rest))
            except StopIteration:
                self._over = True
            except Exception as error:
                self._failure = error
                raise
