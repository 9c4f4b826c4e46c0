"""Looks that pages take again and again, however many people look: none takes more time than what it is worth."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Seen = TypeVar("Seen")

REST = 4.0
"""After a look, so many times as long as it took pass before the next: a fifth of a processor at most."""
FREE_SECONDS = 0.1
"""What takes less is done each time."""
MOST_KEPT = 64


@dataclass
class _Look:
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: Any = None
    took: float = 0.0
    ended: float = float("-inf")

    def rests(self) -> bool:
        return self.took > FREE_SECONDS and time.monotonic() - self.ended < REST * self.took


@dataclass
class Pace:
    """What was seen last, by key, shared by all sessions of a server."""

    looks: OrderedDict[Hashable, _Look] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def look(self, key: Hashable, at: Callable[[], Seen]) -> Seen:
        """What `at` gives now, or gave a short while ago where it takes long. Of several who ask at once, one looks
        and the others get what it saw."""
        with self.lock:
            look = self.looks.setdefault(key, _Look())
            self.looks.move_to_end(key)
            while len(self.looks) > MOST_KEPT:
                self.looks.popitem(last=False)
        with look.lock:
            if not look.rests():
                began = time.monotonic()
                look.seen = at()
                look.ended = time.monotonic()
                look.took = look.ended - began
            return look.seen


PACE = Pace()
