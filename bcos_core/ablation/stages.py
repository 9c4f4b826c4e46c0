"""Work that has stages of its own, told as one stage of a larger work."""

from __future__ import annotations

from bcos_core.progress import Reporter


class AsOneStage:
    """Passes on what a piece of work tells: its stages become parts of stage `stage` of the whole.

    A part is called by its stage and its own name (`part_name`). Curves are not passed on: those of many models would
    not be told apart.
    """

    def __init__(self, reporter: Reporter, stage: int) -> None:
        self._reporter, self._stage = reporter, stage
        self._present = 0

    def stage(self, title: str, index: int, count: int) -> None:
        self._present = index
        self._reporter.log(f"{title} ({index + 1} of {count})")

    def progress(self, done: float, total: float, part: str = "") -> None:
        self._reporter.progress(done, total, part_name(self._present, part))

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        inner = self._present if stage is None else stage
        self._reporter.given(done, total, part_name(inner, part), self._stage)

    def declare(self, seconds: float, part: str, stage: int) -> None:
        self._reporter.declare(seconds, part_name(stage, part), self._stage)

    def metric(self, series: str, step: int, value: float) -> None: ...

    def log(self, message: str) -> None:
        self._reporter.log(message)


def part_name(stage: int, part: str) -> str:
    """What a part of an inner stage is called in the whole."""
    return f"{stage} {part}".rstrip()
