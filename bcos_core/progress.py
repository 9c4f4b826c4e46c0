"""How long work tells what it is doing. Work calls a `Reporter`; who listens is not its concern."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Listener of one piece of long work.

    Every method may raise `JobCancelled`: work must leave nothing half written when it does.
    """

    def stage(self, title: str, index: int, count: int) -> None:
        """Stage `index` (from 0) of `count` begins, named in words for a person."""

    def progress(self, done: float, total: float, part: str = "") -> None:
        """`done` of `total` units are finished, of the present stage or of one of its parts.

        Units of one part take about the same time each; what has another rate is another part.
        """

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        """The same, of the present stage or of a later one, and the last of it was there already: it costs nothing."""

    def declare(self, seconds: float, part: str, stage: int) -> None:
        """A part of a stage that has not begun takes so many seconds on the reference machine (`bcos_core.jobs.part`):
        its work is known better now than when it was planned."""

    def metric(self, series: str, step: int, value: float) -> None:
        """One point of a curve, for example `("bcos/accuracy", 120, 0.81)`."""

    def log(self, message: str) -> None:
        """One line for the log."""


class SilentReporter:
    """A reporter that listens to nothing."""

    def stage(self, title: str, index: int, count: int) -> None: ...

    def progress(self, done: float, total: float, part: str = "") -> None: ...

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None: ...

    def declare(self, seconds: float, part: str, stage: int) -> None: ...

    def metric(self, series: str, step: int, value: float) -> None: ...

    def log(self, message: str) -> None: ...


class Tally:
    """Tells a reporter of units of a part of the present stage that are finished a few at a time."""

    def __init__(self, reporter: Reporter, total: float, part: str = "") -> None:
        self._reporter, self._total, self._part, self._done = reporter, total, part, 0.0

    def add(self, done: float, *, given: float = 0) -> None:
        """So many more are `done`, and so many were `given`: there already."""
        if given:
            self._done += given
            self._reporter.given(self._done, self._total, self._part)
        if done:
            self._done += done
            self._reporter.progress(self._done, self._total, self._part)
