"""Texts too long for an address: kept in a file under `BCOS_HOME`, named by their hash."""

from __future__ import annotations

import hashlib
import re

from bcos_core.errors import StorageError, TextError
from bcos_core.home import get_home

ADDRESS_CHARACTERS = 2_000
BEFORE = ("before", "before-kept")
"""Where the address has the text of which the one on the screen is an edited copy."""
_NAME = re.compile(r"[0-9a-f]{32}")


def keep(text: str) -> str:
    """Store a text and return the name it is found by.

    Raises:
        StorageError: the file cannot be written.
    """
    data = text.encode("utf-8", errors="surrogatepass")
    name = hashlib.sha256(data).hexdigest()[:32]
    folder = get_home().root / "texts"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.txt").write_bytes(data)
    except OSError as error:
        raise StorageError(
            f"The text cannot be kept under {folder} ({error.strerror}). Free some disk space."
        ) from error
    return name


def find(name: str) -> str:
    """The text that was kept under `name`.

    Raises:
        TextError: there is none.
    """
    path = get_home().root / "texts" / f"{name}.txt"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise TextError("The link names a long text that is not kept here. Paste the text again.")
    return path.read_bytes().decode("utf-8", errors="surrogatepass")


def place_of(text: str, names: tuple[str, str] = ("text", "kept")) -> dict[str, str | None]:
    """The parameters that put a text into the address: itself, or where it is kept if it is long."""
    short, long = names
    try:
        if len(text) > ADDRESS_CHARACTERS:
            return {long: keep(text), short: None}
    except StorageError:  # a long address is better than a lost text
        pass
    return {short: text, long: None}
