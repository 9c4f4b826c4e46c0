"""How far a job is, and how long it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RATE_NEEDS_SHARE = 0.02
"""Share of a stage that must have passed before its rate is believed over an earlier job's duration."""


@dataclass(frozen=True)
class Outlook:
    """`progress` of the whole job, from 0 to 1; seconds left of it, or (`of_stage`) of the present stage only."""

    progress: float | None = None
    eta_seconds: float | None = None
    of_stage: bool = False


class ProgressEstimator:
    """Follows the stages of one job.

    The present stage's time left comes from its own rate: the share that has passed, and the seconds that
    took; in a `resumed` job, counted from where the stage goes on. The later stages' times, and the weights
    of all stages in the whole, come from an earlier job with as many stages, where there is one; else stages
    weigh the same, and only the last stage's time left is the job's.
    """

    def __init__(self, *, resumed: bool = False, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._resumed = resumed
        self._expected: Sequence[float] = ()
        self._index = -1
        self._count = 0
        self._seconds: list[float] = []
        self._share = 0.0
        self._began = self._advanced = clock()
        self._rate_from: tuple[float, float] | None = None  # share and time that the rate is counted from

    def begin_stage(self, index: int, count: int, *, expected: Sequence[float] = ()) -> None:
        """Stage `index` of `count` begins. `expected` holds the seconds of an earlier job's stages, or nothing."""
        self._end_stage()
        self._index, self._count = index, count
        self._expected = expected if len(expected) == count and sum(expected) > 0 else ()
        self._began = self._clock()
        self._share, self._rate_from = 0.0, None

    def advance(self, done: float, total: float) -> None:
        """`done` of `total` units of the present stage are finished."""
        self._share = min(1.0, max(0.0, done / total)) if total > 0 else 0.0
        self._advanced = self._clock()
        if self._rate_from is None:
            self._rate_from = (self._share, self._advanced) if self._resumed else (0.0, self._began)

    def finished_stages(self) -> list[float]:
        """Seconds of every stage, when all have passed under these eyes; else nothing."""
        self._end_stage()
        self._index = -1
        return self._seconds if self._count and len(self._seconds) == self._count else []

    def outlook(self) -> Outlook:
        if not 0 <= self._index < self._count:
            return Outlook()
        weights = self._expected or [1.0] * self._count
        done = sum(weights[: self._index]) + self._share * weights[self._index]
        stage_left = self._stage_left()
        if stage_left is None:
            return Outlook(progress=done / sum(weights))
        is_last = self._index == self._count - 1
        later = sum(self._expected[self._index + 1 :])
        return Outlook(done / sum(weights), stage_left + later, of_stage=not is_last and not self._expected)

    def _stage_left(self) -> float | None:
        now = self._clock()
        share_from, time_from = self._rate_from or (0.0, self._began)
        passed = self._share - share_from
        if passed >= RATE_NEEDS_SHARE or (passed > 0 and not self._expected):
            left = (1.0 - self._share) * (self._advanced - time_from) / passed
            return max(0.0, left - (now - self._advanced))
        if self._expected:
            return max(0.0, self._expected[self._index] - (now - self._began))
        return None

    def _end_stage(self) -> None:
        if self._index == 0:
            self._seconds = []
        if self._index == len(self._seconds):  # else a stage was left out, and the list stays too short
            self._seconds.append(self._clock() - self._began)


def about(seconds: float) -> str:
    """A duration in words, as exact as it is useful: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 55:
        return f"{max(1, round(seconds))} s" if seconds < 10 else f"{5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
