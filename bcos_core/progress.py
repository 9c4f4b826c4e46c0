"""How long work tells what it is doing. Work calls a `Reporter`; who listens is not its concern."""

from __future__ import annotations

from typing import Protocol


class Reporter(Protocol):
    """Listener of one piece of long work.

    Every method may raise `JobCancelled`: work must leave nothing half written when it does.
    """

    def stage(self, title: str, index: int, count: int) -> None:
        """Stage `index` (from 0) of `count` begins, named in words for a person."""

    def progress(self, done: float, total: float) -> None:
        """`done` of `total` units of the present stage are finished."""

    def metric(self, series: str, step: int, value: float) -> None:
        """One point of a curve, for example `("bcos/accuracy", 120, 0.81)`."""

    def log(self, message: str) -> None:
        """One line for the log."""


class SilentReporter:
    """A reporter that listens to nothing."""

    def stage(self, title: str, index: int, count: int) -> None: ...

    def progress(self, done: float, total: float) -> None: ...

    def metric(self, series: str, step: int, value: float) -> None: ...

    def log(self, message: str) -> None: ...
