"""A model's folder on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bcos_core.errors import InputError


def folder_bytes(path: Path) -> int:
    """The size of all its files; 0 of a folder that has gone meanwhile."""
    try:
        return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    except OSError:
        return 0


def require_distinct_names(paths: Sequence[Path]) -> None:
    """Refuse folders that a result, which knows models by the names of these, could not tell apart.

    Raises:
        InputError: two have one name.
    """
    if len({path.name for path in paths}) < len(paths):
        raise InputError("Two of the models lie in folders of the same name. Rename one of the folders.")
