"""The text in a file's bytes: UTF-8, or UTF-16 with a byte order mark; nothing is guessed."""

from __future__ import annotations

import codecs
import re

from bcos_core.errors import DataError

HOW_TO_SAVE = (
    "Save it as UTF-8: in a spreadsheet choose the format “CSV UTF-8”, or convert it with "
    "`iconv -f WINDOWS-1252 -t UTF-8 old.csv > new.csv`, naming the encoding that it really has."
)

_SURROGATE = re.compile("[\ud800-\udfff]")


def encodable(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which JSON may hold and no file or tokenizer takes."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def decode(data: bytes, name: str) -> str:
    """The text of a file called `name`, without a byte order mark.

    Raises:
        DataError: another encoding, or not text at all; names the byte at fault.
    """
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start
        raise DataError(
            f"{name} is not {encoding.upper().removesuffix('-SIG')} text: the byte 0x{data[at]:02X} at position "
            f"{at:,} cannot be read. {HOW_TO_SAVE}"
        ) from None
    if (at := text.find("\0")) >= 0:
        raise DataError(
            f"{name} is not UTF-8 text: it has a zero byte at character {at:,}, as UTF-16 without a byte order mark "
            f"and binary files do. {HOW_TO_SAVE}"
        )
    return text
