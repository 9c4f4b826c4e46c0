"""Files and plain data known by their content: what was made from one is not taken for what another would give."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.storage.plain import to_plain

Stamp = tuple[int, int, int, int]


def name_of(parts: Any) -> str:
    """A short name for plain data: the same data, the same name."""
    text = json.dumps(to_plain(parts), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content. Read once for as long as the file stays as it is.

    Raises:
        OSError: it cannot be read.
    """
    return _file_hash(path, file_stamp(path))


def file_stamp(path: Path) -> Stamp:
    """What changes with a file's content, even where its time of writing is set back: size, times, place on the disk.

    Raises:
        OSError: it is not there.
    """
    about = path.stat()
    return about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino


@lru_cache(maxsize=512)
def _file_hash(path: Path, stamp: Stamp) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
