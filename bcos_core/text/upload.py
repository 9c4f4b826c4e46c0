"""Storing a file that a browser sent."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path

from bcos_core.errors import StorageError
from bcos_core.home import Home
from bcos_core.numbers import file_size
from bcos_core.text.files import require_supported
from bcos_core.text.table import require_size

_STEM_CHARACTERS = 60
PLAIN = ".txt"
"""Of running text (`bcos_core.text.running`), which is no table."""


def save_upload(home: Home, filename: str, data: bytes) -> Path:
    """Store `data` as `uploads/<hash of the safe name and the data>/<safe name>` and return that path.

    The same bytes under the same name give the same path. Under another name they have a folder of their own: what two
    hosts put into a store under one path is then the same, and neither replaces the other's. The file is there wholly
    or not at all.

    Raises:
        DataError: empty, too large, or of an unsupported kind.
        StorageError: it cannot be written; the message says when the disk is full.
    """
    name = safe_name(filename)
    if not name.lower().endswith(PLAIN):
        require_supported(name)
    require_size(len(data), name)
    folder = home.create().uploads / _digits(name, data)
    write_whole(folder / name, data, what=name)
    return folder / name


def write_whole(target: Path, data: bytes, *, what: str) -> None:
    """Write a file whose name its content has, wholly or not at all, where it is not there yet; `what` names it in
    messages.

    Raises:
        StorageError: it cannot be written; the message says when the disk is full.
    """
    folder, temporary = target.parent, None
    try:
        folder.mkdir(exist_ok=True)
        if target.is_file():
            return
        descriptor, temporary_name = tempfile.mkstemp(dir=folder, prefix=".writing-")
        temporary = Path(temporary_name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise StorageError(
            f"Cannot store {what} ({file_size(len(data))}) under {folder.parent}: {error.strerror or error}. "
            "Free some space there, or set BCOS_HOME to a folder on another disk."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def _digits(name: str, data: bytes) -> str:
    """16 hexadecimal digits; no safe name has the character between the two."""
    digest = hashlib.sha256(name.encode() + b"\0")
    digest.update(data)
    return digest.hexdigest()[:16]


def safe_name(filename: str) -> str:
    """The last part of a file name, made of letters, digits, `-`, `_` and `.`, not hidden, and not too long."""
    last = unicodedata.normalize("NFKC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    path = Path(re.sub(r"[^\w.-]+", "_", last).lstrip(".") or "upload")
    return path.stem[:_STEM_CHARACTERS] + path.suffix[:_STEM_CHARACTERS].lower()
