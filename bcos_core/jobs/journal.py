"""Points that are on their way to the database, safe from a kill."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from bcos_core.errors import StorageError
from bcos_core.jobs.lease import Point
from bcos_core.storage.stored_json import decode_json, to_json


class _Line(msgspec.Struct, array_like=True):
    series: str
    step: int
    value: float | None  # null: not a finite number


class Journal:
    """A file of points that the database may not have yet.

    Points reach the database in batches, so that a transaction does not slow every training step. A job
    that is killed between two batches, and goes on from a checkpoint after them, would never tell those
    points again. Appending a line costs microseconds, and outlives the process.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.left_over = _read(path)  # by a start that was killed
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def append(self, point: Point) -> None:
        value = point.value if math.isfinite(point.value) else None
        line = to_json([point.series, point.step, value], "A point") + "\n"
        with suppress(OSError):  # a full disk: the point is still in memory, on its way
            os.write(self._descriptor, line.encode())

    def clear(self) -> None:
        """Forget every point: the database has them."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        os.close(self._descriptor)


def _read(path: Path) -> Sequence[Point]:
    points = []
    with suppress(FileNotFoundError), path.open("rb") as file:
        for line in file:
            with suppress(StorageError):  # a line that the kill, or a full disk, has cut
                told = decode_json(line, _Line, error=StorageError, what="A point", advice="It is left out.")
                points.append(Point(told.series, told.step, math.nan if told.value is None else told.value))
    return points
