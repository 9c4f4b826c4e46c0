"""What tokens are called before people.

Byte-level tokenizers write each byte of a token as a letter, as GPT-2's does: "Ġare" is " are", "ðŁĺ" three of the four
bytes of an emoji. Nobody is to take these for letters of the text.
"""

from __future__ import annotations

from functools import cache

_SEEN = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))
"""Bytes whose letter is the character of the same number; the others have the characters from 256 on, in order."""


@cache
def _bytes_of_letters() -> dict[str, int]:
    hidden = [byte for byte in range(256) if byte not in _SEEN]
    return {chr(byte): byte for byte in _SEEN} | {chr(256 + place): byte for place, byte in enumerate(hidden)}


def readable(name: str) -> str:
    """The name of a token that stands for no character of the text, such as one of a chat template: what it says, its
    spaces left out and line breaks seen. A name that is not written in bytes stays as it is."""
    data = _in_bytes(name)
    try:
        said = name if data is None else data.decode()
    except UnicodeDecodeError:  # letters, in a tokenizer that does not write bytes
        said = name
    return said.replace("▁", " ").replace("\n", "⏎").strip() or "␣"


def part_of_a_character(name: str) -> str:
    """The name of a token that is no whole character: its bytes, "<0xF0 0x9F 0x98>"."""
    data = _in_bytes(name)
    return name if data is None else f"<{' '.join(f'0x{byte:02X}' for byte in data)}>"


def _in_bytes(name: str) -> bytes | None:
    """The bytes that a byte-level tokenizer means; None where it could be no such name, or one of plain letters."""
    letters = _bytes_of_letters()
    return None if name.isascii() or not set(name) <= set(letters) else bytes(map(letters.__getitem__, name))
