"""Reports that a command writes to a file."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from bcos_core.errors import InputError, StorageError


def require_report(path: Path | None, endings: Collection[str]) -> None:
    """Refuse the name of a report whose kind there is not, before the work is done.

    Raises:
        InputError: its ending is none of `endings`.
    """
    if path is not None and path.suffix.lower() not in endings:
        raise InputError(f"--report is {str(path)!r}; expected a name that ends in {' or '.join(endings)}.")


def write_report(path: Path, text: str) -> None:
    """
    Raises:
        StorageError: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"Cannot write {path} ({error.strerror or error}). Choose another place.") from error
