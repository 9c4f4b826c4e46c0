"""Whether work tells of the parts that it was planned to have, and of no others."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.jobs.part import Part
from bcos_core.progress import SilentReporter


class PartsTold(SilentReporter):
    """Remembers the stages and parts that it is told of."""

    def __init__(self) -> None:
        self.stages = 0
        self.present = -1
        self.parts: set[tuple[int, str]] = set()

    def stage(self, title: str, index: int, count: int) -> None:
        self.stages, self.present = count, index

    def progress(self, done: float, total: float, part: str = "") -> None:
        assert 0 <= done <= total
        self.parts.add((self.present, part))

    def given(self, done: float, total: float, part: str = "", stage: int | None = None) -> None:
        assert 0 <= done <= total
        self.parts.add((self.present if stage is None else stage, part))

    def assert_as_planned(self, plan: Sequence[Part]) -> None:
        assert {part.stage for part in plan} == set(range(self.stages))
        planned = {(part.stage, part.name) for part in plan}
        assert self.parts <= planned
        assert {part for part in planned if part[1]} <= self.parts  # a part with a name is told of
        assert all(part.seconds > 0 for part in plan)
