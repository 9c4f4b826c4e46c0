"""Texts too long for an address: a file each under `BCOS_HOME`, named by its hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from bcos_core.errors import TextError
from bcos_core.home import Home
from bcos_core.text.upload import write_whole

_NAME = re.compile(r"[0-9a-f]{32}")


def text_name(text: str) -> str:
    """What a text is called here."""
    return hashlib.sha256(_encoded(text)).hexdigest()[:32]


def text_file(home: Home, name: str) -> Path:
    """Where the text of a name is, or would be.

    Raises:
        TextError: no text can be called so.
    """
    if not _NAME.fullmatch(name):
        raise TextError(_NOT_HERE)
    return home.texts / f"{name}.txt"


def text_size(text: str) -> int:
    """Bytes of its file."""
    return len(_encoded(text))


def keep_text(home: Home, text: str) -> Path:
    """Store a text; the file, which is there wholly or not at all.

    Raises:
        StorageError: it cannot be written; the message says when the disk is full.
    """
    path = text_file(home.create(), text_name(text))
    write_whole(path, _encoded(text), what="the text")
    return path


def read_text(home: Home, name: str) -> str:
    """The text that was kept under `name`.

    Raises:
        TextError: there is none.
    """
    try:
        return text_file(home, name).read_bytes().decode("utf-8", errors="surrogatepass")
    except (OSError, ValueError) as error:
        raise TextError(_NOT_HERE) from error


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


_NOT_HERE = "The link names a long text that is not kept here. Paste the text again."
