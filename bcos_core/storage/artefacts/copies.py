"""Folders of one host: which is a copy of what the store has, and how one comes into its place and goes.

All that appears or goes does so by a rename: nobody sees half of it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

from bcos_core.storage.artefacts.manifest import BESIDE, manifest_of

STORED = ".stored"
"""A file in each folder that is a copy of a row: the content of that row."""


def read_beside(folder: Path) -> str | None:
    """What people say of the model in a folder, as its file has it."""
    try:
        return (folder / BESIDE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None


def marked(folder: Path) -> str:
    """The content that a folder is a copy of, "" where it is none."""
    try:
        return (folder / STORED).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def content_of(folder: Path) -> str:
    """That of the files in a folder, "" of an empty one.

    Raises:
        StorageError: it cannot be read.
    """
    try:
        is_empty = all(one.name.startswith(".") for one in folder.iterdir())
    except FileNotFoundError:  # gone meanwhile
        return ""
    return "" if is_empty else manifest_of(folder).content


def mark(folder: Path, content: str) -> None:
    """Let a folder be known as a copy of what has this content."""
    with suppress(OSError):  # gone, or a full disk: found out to be one when it is next asked for
        partial = folder / f"{STORED}.{secrets.token_hex(4)}"
        partial.write_text(content, encoding="ascii")
        partial.replace(folder / STORED)


def hidden_beside(folder: Path, ending: str = "") -> Path:
    """A hidden place that nobody else has. Its name tells whose it is, but a name may be as long as any can be."""
    return folder.with_name(f".{folder.name[:40]}-{secrets.token_hex(8)}{ending}")


def put_in_place(new: Path, folder: Path) -> None:
    """Let a folder have the place of another, which goes if it was a copy, and stays aside if not.

    Raises:
        OSError: it cannot; the other is where it was.
    """
    old = None
    if folder.exists():
        old = hidden_beside(folder)
        folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        if old is not None:
            old.rename(folder)
        raise
    if old is None:
        return
    if marked(old):
        shutil.rmtree(old, ignore_errors=True)
    else:  # it came meanwhile: it stays aside for a day from now (`clean`), however old its files are
        with suppress(OSError):
            os.utime(old)


def discard(folder: Path) -> None:
    """
    Raises:
        OSError: it cannot go from its place.
    """
    aside = hidden_beside(folder)
    folder.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)
