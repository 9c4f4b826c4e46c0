"""Text as files of pictures and documents can hold it."""

from __future__ import annotations

import unicodedata

from bcos_core.text.decode import encodable

# Marks of direction: whoever lays words out puts them in their places by a rule of its own.
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str) -> str:
    """`text` without halves of surrogate pairs, control characters, characters of nobody and marks of direction; white
    space becomes spaces, one for one."""
    kept = []
    for character in encodable(text):
        if character.isspace():
            kept.append(" ")
        elif character not in _DIRECTIONS:
            kept.append(_REPLACEMENT if unicodedata.category(character) in ("Cc", "Cn", "Co") else character)
    return "".join(kept)
