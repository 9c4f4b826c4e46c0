"""What lies on the disk under one home, by kind of thing and by person."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bcos_core.home import Home

DATABASE, LOGS, OTHER = "database", "logs", "other"


@dataclass(frozen=True)
class Space:
    """Bytes by kind of thing, `total` of all of them."""

    by_kind: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder: no link is followed, a file with two names counts once. What goes
    away meanwhile is nothing."""
    seen: set[tuple[int, int]] = set()
    return _size(path, seen)


def space_of(home: Home) -> Space:
    """All that lies under `home`: each of its folders by its name, the database with its helpers, logs, the rest."""
    found: dict[str, int] = {}
    seen: set[tuple[int, int]] = set()
    for path in _inside(home.root):
        kind = _kind(path, home)
        found[kind] = found.get(kind, 0) + _size(path, seen)
    return Space(dict(sorted(found.items(), key=lambda one: -one[1])))


def _kind(path: Path, home: Home) -> str:
    if path.name.startswith(home.database.name):
        return DATABASE
    if ".log" in path.suffixes:
        return LOGS
    return path.name if path.is_dir() and not path.name.startswith(".") else OTHER


def _size(path: Path, seen: set[tuple[int, int]]) -> int:
    try:
        status = path.lstat()
    except OSError:
        return 0
    if stat.S_ISDIR(status.st_mode):
        return sum(_size(one, seen) for one in _inside(path))
    identity = (status.st_dev, status.st_ino)
    if not stat.S_ISREG(status.st_mode) or identity in seen:
        return 0
    if status.st_nlink > 1:
        seen.add(identity)
    return status.st_size


def _inside(folder: Path) -> Iterable[Path]:
    try:
        with os.scandir(folder) as entries:
            return [folder / entry.name for entry in entries]
    except OSError:
        return []
