"""How far a job is, and how long the whole of it still takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bcos_core.jobs.paces import Paces, Taken
from bcos_core.jobs.part import Part

UNDECLARED_SECONDS = 10.0
"""Of a part that nobody has declared."""
EXPECTED_COUNTS = 0.1
"""What was expected of a part counts like this share of it, beside the share that was seen."""
PLAN_COUNTS = 0.15
"""What was expected of the whole counts like this share of it, where it is asked how fast the machine is today."""
OVERDUE = 0.2
"""What is silent for longer than expected takes this share of its silence longer still."""
LATE, LATE_WITHOUT_EXPERIENCE, LATE_SECONDS = 1.5, 3.0, 10.0
"""A job is late when it takes so many times as long as expected, known from earlier ones or not, and so much longer."""
LEARNED_FROM = 0.2
"""Share of a part that must have been seen before later jobs learn from it."""


@dataclass(frozen=True)
class Outlook:
    """`progress` of the whole job in time, from 0 to 1; seconds left of it; whether it takes longer than expected."""

    progress: float | None = None
    eta_seconds: float | None = None
    late: bool = False


@dataclass
class _Seen:
    """A part and what was seen of it: `share` is done, of which `given` was there already; the rest took `seconds`."""

    part: Part
    expected: float
    known: bool
    share: float = 0.0
    given: float = 0.0
    seconds: float = 0.0

    @property
    def done(self) -> float:
        return self.share - self.given

    def whole(self, speed: float) -> float:
        """Seconds of all of it: from its own rate, the more of it was seen, else from what was expected."""
        return (self.seconds + EXPECTED_COUNTS * self.expected * speed) / (self.done + EXPECTED_COUNTS)

    def left(self, speed: float) -> float:
        return (1.0 - self.share) * self.whole(speed)


class Forecast:
    """Follows one start of a job, from its first moment, through the parts that it was planned to have.

    Time belongs to the part that is told of next. How long a part takes is what was expected of it (`Paces`), corrected
    by how long its namesakes of other stages took of what was expected of them (the same method, on another model), or
    else all parts, and, the more of it is done, by its own rate.
    """

    def __init__(
        self, plan: Sequence[Part], paces: Paces, *, kind: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._paces = paces
        self._kind = kind
        self._stage = -1
        self._began = self._last = clock()
        self._told: _Seen | None = None
        self._parts = [self._expect(part) for part in plan]
        self._expected = self._planned()
        self._shown = 0.0

    def begin(self, index: int, count: int) -> None:
        """Stage `index` of `count` begins: what is left of the earlier ones is not needed."""
        planned = {seen.part.stage for seen in self._parts}
        if planned != set(range(count)):  # it was planned otherwise, or not at all
            self._parts = [self._expect(self._undeclared(stage, f"{stage + 1} of {count}")) for stage in range(count)]
            self._expected = self._planned()
        self._spend(self._told if self._told is not None else self._first(self._stage))
        for seen in self._parts:
            if seen.part.stage < index:
                self._finish(seen)
        self._stage, self._told = index, None

    def advance(self, done: float, total: float, part: str = "") -> None:
        """`done` of `total` units of a part of the present stage are finished."""
        seen = self._find(part)
        self._spend(seen)
        seen.share = max(seen.share, _share(done, total))

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        """So much of a part, of the present stage or of `stage`, is there already: what is new of it takes no time."""
        seen = self._find(part, stage)
        self._spend(self._told)
        share = max(seen.share, _share(done, total))
        seen.given += share - seen.share
        seen.share = share

    def declare(self, seconds: float, part: str, stage: int) -> None:
        """A part takes so many seconds on the reference machine, as is known now instead of planned."""
        seen = self._find(part, stage)
        seen.part = replace(seen.part, seconds=seconds)
        seen.expected = self._paces.seconds(seen.part)
        self._expected = self._planned()

    def outlook(self) -> Outlook:
        """Before the first stage too, where there is a plan: loading what does the work is part of the wait."""
        if not self._parts:
            return Outlook()
        speeds, now = self._speeds(), self._clock()
        silence = now - self._last
        stage = max(0, self._stage)
        parts = list(zip(self._parts, speeds, strict=True))
        present = sorted(seen.left(speed) for seen, speed in parts if seen.part.stage == stage)
        later = sum(seen.left(speed) for seen, speed in parts if seen.part.stage > stage)
        # What is silent is one of the present parts, so at most the longest of them is over meanwhile.
        *others, longest = present or [0.0]
        left = sum(others) + max(longest - silence, OVERDUE * silence) + later
        done = sum(seen.share * seen.whole(speed) for seen, speed in parts) + silence
        self._shown = max(self._shown, done / (done + left) if done + left > 0 else 0.0)
        return Outlook(min(1.0, self._shown), left, self._is_late(now - self._began + left))

    def taken(self) -> list[Taken]:
        """What later jobs can learn from this one, as far as it has come."""
        self._spend(self._told)
        return [
            Taken(seen.part.pace, seen.part.seconds * seen.done, seen.seconds)
            for seen in self._parts
            if seen.done >= LEARNED_FROM and seen.seconds > 0
        ]

    def finish(self) -> None:
        """All is done."""
        self._spend(self._told if self._told is not None else self._first(self._stage))
        for seen in self._parts:
            self._finish(seen)

    def _expect(self, part: Part) -> _Seen:
        return _Seen(part, self._paces.seconds(part), self._paces.knows(part))

    def _undeclared(self, stage: int, name: str) -> Part:
        return Part(stage, "", f"{self._kind}: {name}", UNDECLARED_SECONDS)

    def _planned(self) -> float:
        return sum(seen.expected for seen in self._parts)

    def _find(self, name: str, stage: int | None = None) -> _Seen:
        stage = self._stage if stage is None else stage
        for seen in self._parts:
            if seen.part.stage == stage and seen.part.name == name:
                return seen
        part = Part(stage, name, f"{self._kind}: {name}", UNDECLARED_SECONDS)
        self._parts.append(self._expect(part))
        return self._parts[-1]

    def _first(self, stage: int) -> _Seen | None:
        return next((seen for seen in self._parts if seen.part.stage == max(0, stage)), None)

    def _finish(self, seen: _Seen) -> None:
        """What has taken no time was not needed: it was there."""
        if seen.seconds == 0:
            seen.given += 1.0 - seen.share
        seen.share = 1.0

    def _spend(self, seen: _Seen | None) -> None:
        now = self._clock()
        if seen is not None:
            seen.seconds += now - self._last
            self._told = seen
            self._last = now

    def _speeds(self) -> list[float]:
        """How long each part takes of what was expected of it, as far as others tell."""
        general = _speed(self._parts, weight=PLAN_COUNTS * self._expected, before=1.0)
        return [
            _speed(self._namesakes(seen), weight=EXPECTED_COUNTS * seen.expected, before=general)
            for seen in self._parts
        ]

    def _namesakes(self, seen: _Seen) -> list[_Seen]:
        """The same work in other stages."""
        name, stage = seen.part.name, seen.part.stage
        return [other for other in self._parts if name and other.part.name == name and other.part.stage != stage]

    def _is_late(self, seconds: float) -> bool:
        known = sum(seen.expected for seen in self._parts if seen.known)
        factor = LATE if known >= 0.5 * self._expected else LATE_WITHOUT_EXPERIENCE
        return seconds > max(factor * self._expected, self._expected + LATE_SECONDS)


def _speed(parts: Sequence[_Seen], *, weight: float, before: float) -> float:
    """What was done so far of these took so much of what was expected of it, where `before` counts like `weight`
    seconds."""
    took = sum(seen.seconds for seen in parts if seen.done > 0)
    expected = sum(seen.expected * seen.done for seen in parts)
    return (took + weight * before) / (expected + weight) if expected + weight > 0 else before


def _share(done: float, total: float) -> float:
    """Nothing of nothing is all of it."""
    return min(1.0, max(0.0, done / total)) if total > 0 else 1.0


def about(seconds: float) -> str:
    """A duration in words, as exact as it is useful: "40 s", "3 min", "1 h 20 min"."""
    if seconds < 55:
        return f"{max(1, round(seconds))} s" if seconds < 10 else f"{5 * round(seconds / 5)} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(5 * round(minutes / 5), 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def time_left(seconds: float, *, late: bool) -> str:
    """ "about 3 min left", and that it takes longer than expected, where it does."""
    return f"about {about(seconds)} left" + (", longer than expected" if late else "")
