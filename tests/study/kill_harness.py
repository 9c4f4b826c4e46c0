"""Kill processes at random moments while they work: writers here, or a whole app with its clients outside."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

Kill = Callable[[], None]
"""Ends one process with SIGKILL, and waits until it is gone."""


def kill_repeatedly(
    start: Callable[[], Kill],
    acknowledged: Callable[[], int],
    after_each: Callable[[], None],
    *,
    times: int,
    at_once: int = 1,
    longest_run: int = 15,
    spread_seconds: float = 0.005,
    seed: int = 0,
    patience_seconds: float = 60.0,
) -> None:
    """Keep `at_once` processes at work; `times` times, kill one of them and start another in its place.

    A kill comes after 1 to `longest_run` further acknowledgements, so that there is load at that moment however fast
    the machine is, and up to `spread_seconds` later, so that it falls anywhere into a transaction. `acknowledged`
    counts what the clients were told is saved; it may be told by others than the process that is killed.
    `after_each` checks.
    """
    chance = random.Random(seed)
    running = [start() for _ in range(at_once)]
    try:
        for _ in range(times):
            enough = acknowledged() + chance.randint(1, longest_run)
            deadline = time.monotonic() + patience_seconds
            while acknowledged() < enough:
                assert time.monotonic() < deadline, "nothing is acknowledged any more"
                time.sleep(0.01)
            time.sleep(chance.uniform(0, spread_seconds))
            running.pop(chance.randrange(len(running)))()
            after_each()
            running.append(start())
    finally:
        for kill in running:
            kill()
    after_each()
