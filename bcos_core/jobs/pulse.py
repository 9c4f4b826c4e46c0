"""Whether what another machine writes into the database still changes, by this machine's own clock alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable


class Pulse:
    """Watches values that change for as long as somebody lives.

    How long one has stood still is counted here: clocks of two machines may differ, or be set.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._seen: dict[Hashable, tuple[object, float]] = {}  # the last value, and since when

    def is_silent(self, who: Hashable, value: object) -> bool:
        """Whether the value has stood still for that many seconds since it was first seen."""
        now = self._clock()
        last, since = self._seen.get(who, (None, now))
        if who not in self._seen or last != value:
            self._seen[who] = (value, now)
            return False
        return now - since >= self._seconds

    def heard(self, who: Hashable) -> None:
        """It was seen to live in another way: a silence begins anew."""
        self._seen.pop(who, None)

    def keep(self, those: Iterable[Hashable]) -> None:
        """Forget all others."""
        kept = set(those)
        self._seen = {who: seen for who, seen in self._seen.items() if who in kept}
