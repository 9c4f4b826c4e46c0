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
    """Store `data` as `uploads/<hash of the data>/<safe name>` and return that path.

    The same bytes under the same name give the same path. The file is there wholly or not at all.

    Raises:
        DataError: empty, too large, or of an unsupported kind.
        StorageError: it cannot be written; the message says when the disk is full.
    """
    name = safe_name(filename)
    if not name.lower().endswith(PLAIN):
        require_supported(name)
    require_size(len(data), name)
    folder = home.create().uploads / hashlib.sha256(data).hexdigest()[:16]
    target = folder / name
    temporary: Path | None = None
    try:
        folder.mkdir(exist_ok=True)
        if target.is_file():
            return target
        descriptor, temporary_name = tempfile.mkstemp(dir=folder, prefix=".writing-")
        temporary = Path(temporary_name)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise StorageError(
            f"Cannot store {name} ({file_size(len(data))}) under {home.uploads}: {error.strerror or error}. "
            "Free some space there, or set BCOS_HOME to a folder on another disk."
        ) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
    return target


def safe_name(filename: str) -> str:
    """The last part of a file name, made of letters, digits, `-`, `_` and `.`, not hidden, and not too long."""
    last = unicodedata.normalize("NFKC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    path = Path(re.sub(r"[^\w.-]+", "_", last).lstrip(".") or "upload")
    return path.stem[:_STEM_CHARACTERS] + path.suffix[:_STEM_CHARACTERS].lower()
