"""What rows of data are to whoever goes through them: named columns, in an order that stays, of any number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any


class Rows(ABC):
    """Rows of named columns. `count` is how many there are, None where only going through them would tell;
    `fingerprint` changes with the content."""

    columns: tuple[str, ...]

    @property
    @abstractmethod
    def count(self) -> int | None: ...

    @property
    @abstractmethod
    def fingerprint(self) -> str: ...

    @abstractmethod
    def cells(self, columns: Sequence[str], start: int = 0) -> Iterator[tuple[Any, ...]]:
        """The cells of these columns, row by row, from row `start` (counted from 0) on; None where there is no value.

        Raises:
            DataError: a row cannot be read.
            HubUnavailableError: the hub breaks off.
        """

    @abstractmethod
    def require_unchanged(self) -> None:
        """Refuse what has been read where the data are not those any more that were opened.

        Raises:
            DataError: they are others.
        """
