"""What an artefact consists of: the files of a folder by name, size and hash. The same files, the same manifest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bcos_core.errors import StorageError
from bcos_core.storage.content import file_hash
from bcos_core.storage.stored_json import decode_json

NAME = ".manifest.json"
"""Of the object; no file of an artefact is called so, since hidden ones are none of it."""
BESIDE = "about.json"
"""What people say of a model, which lies in its row."""
MOST_FILES = 100_000
LARGEST = 40_000_000
"""Bytes of a manifest: of so many files with the longest names there are. Of a batch's shards it is a quarter of it."""


@dataclass(frozen=True)
class Entry:
    """One file: its size, and its SHA-256 in hexadecimal digits."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """All files, by their names under the folder, parts divided by "/"."""

    files: Mapping[str, Entry]

    @property
    def text(self) -> bytes:
        files = {name: [one.bytes, one.sha256] for name, one in sorted(self.files.items())}
        return json.dumps({"files": files}, ensure_ascii=True, separators=(",", ":")).encode()

    @property
    def content(self) -> str:
        """The hash of the artefact: that of its manifest."""
        return hashlib.sha256(self.text).hexdigest()

    @property
    def bytes(self) -> int:
        return sum(one.bytes for one in self.files.values())


def manifest_of(folder: Path) -> Manifest:
    """That of a folder on the disk. Hidden files, and what people say of a model, are no part of it.

    Raises:
        StorageError: a file cannot be read, is a link, or is called as no host reads it, or there are none or too many.
    """
    files: dict[str, Entry] = {}
    try:
        for parent, folders, names in os.walk(folder):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(parent, name)
                within = path.relative_to(folder).as_posix()
                if name.startswith(".") or within == BESIDE:
                    continue
                if not _can_be_there(within, 0):
                    raise StorageError(
                        f"{str(path)!r} has a backslash or half of a character in its name, which no other host reads. "
                        "Rename it, then try again."
                    )
                if path.is_symlink() or not path.is_file():
                    raise StorageError(f"{path} is no ordinary file, and is not put into a store. Replace it by one.")
                files[within] = Entry(path.stat().st_size, file_hash(path))
            if links := [name for name in folders if Path(parent, name).is_symlink()]:
                raise StorageError(f"{Path(parent, links[0])} is a link, and is not put into a store. Replace it.")
    except OSError as error:
        raise StorageError(f"{folder} cannot be read ({error.strerror}). Check who may read it.") from error
    if not 0 < len(files) <= MOST_FILES:
        raise StorageError(f"{folder} has {len(files):,} files; what is shared has 1 to {MOST_FILES:,}.")
    return Manifest(files)


def read_manifest(text: bytes, *, content: str, what: str) -> Manifest:
    """A manifest as it was stored, which has to have the hash `content`.

    Raises:
        StorageError: it has another, or is none.
    """
    if hashlib.sha256(text).hexdigest() != content:
        raise StorageError(f"The manifest of {what} in the store is not the one that was put there. Nothing is taken.")
    stored = decode_json(text, _Stored, error=StorageError, what=f"The manifest of {what}", advice="Put it anew.")
    for name, entry in stored.files.items():
        if not _can_be_there(name, entry[0]):
            raise StorageError(f"The manifest of {what} names the file {name[:100]!r}, which can be none of it.")
    return Manifest({name: Entry(*entry) for name, entry in stored.files.items()})


def _can_be_there(name: str, size: int) -> bool:
    """Whether `manifest_of` names such a file: neither a hidden one, nor one outside of the folder."""
    parts = name.split("/")
    names_one = all(part and not part.startswith(".") for part in parts) and name != BESIDE
    return names_one and size >= 0 and not set(name) & {"\0", "\\"} and is_whole(name)


def is_whole(name: str) -> bool:
    """Whether a name has no half of a character, as one on a disk may: bytes that are no UTF-8. Neither the database
    nor a bucket takes it."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


@dataclass(frozen=True)
class _Stored:
    files: dict[str, tuple[int, str]]
