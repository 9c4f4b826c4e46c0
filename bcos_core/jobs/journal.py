"""Points that are on their way to the database, safe from a kill."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bcos_core.jobs.lease import Point


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
        line = json.dumps([point.series, point.step, point.value]) + "\n"
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
    with suppress(FileNotFoundError):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError):  # a line that the kill, or a full disk, has cut
                series, step, value = json.loads(line)
                points.append(Point(str(series), int(step), float(value)))
    return points
