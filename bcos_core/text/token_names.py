"""What tokens are called before people.

Byte-level tokenizers write each byte of a token as a letter, as GPT-2's does: "Ġare" is " are", "ðŁĺ" three of the four
bytes of an emoji. Nobody is to take these for letters of the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from bcos_core.text.blank import SELECTORS

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
    return with_signs(said.replace("▁", " ").strip(" ")) or "␣"


def has_width(text: str) -> bool:
    """Whether anything of a text takes room where it is drawn, so that it can be coloured, pointed at and clicked. A
    space does; an accent by itself, a joiner, a mark of direction, a variation selector, a carriage return do not."""
    return any(
        character in "\n\t" or unicodedata.category(character) not in ("Mn", "Me", "Cf", "Cc", "Zl", "Zp")
        for character in text
    )


def stands_on_another(text: str) -> bool:
    """Whether a text is marks alone, such as accents: they are drawn, on the letter before them."""
    marks = all(unicodedata.category(character) in ("Mn", "Me") for character in text)
    return bool(text) and marks and not SELECTORS.search(text)


def with_signs(text: str) -> str:
    """The text on one line, with a sign for everything that nobody would see or could count: ⏎ for a line break, ⇥ for
    a tab, ␣ for spaces with nothing behind them or in a row ("␣×8" for many), a circle under an accent with no letter,
    "<U+200B>" for what has no sign. Joiners and selectors between letters stay."""
    return _SPACES.sub(_spaces, "".join(_signs(text)))


def seen_text(text: str) -> str:
    """A text as it is drawn: itself, or its signs where it takes no room."""
    return text if has_width(text) else with_signs(text)


_SPACES = re.compile(r" {2,}| (?=$|[⏎⇥])")
_JOINERS = re.compile("[\u200c\u200d]")
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_FEW = 4
_SIGNS = {"\n": "⏎", "\t": "⇥"}


def _signs(text: str) -> Iterator[str]:
    for place, character in enumerate(text):
        category = unicodedata.category(character)
        behind, before = text[place + 1 : place + 2], text[:place]
        stands = bool(before) and has_width(before[-1]) and not before[-1].isspace()
        if character in _SIGNS:
            yield _SIGNS[character]
        elif character == " ":
            yield character
        elif category == "Zs":  # between two words it is a space like others
            yield character if stands and behind.strip() else _by_number(character)
        elif _JOINERS.match(character):
            yield character if before.strip() and behind.strip() else _by_number(character)
        elif category in ("Mn", "Me", "Mc"):
            in_place = bool(before) and (stands or unicodedata.category(before[-1])[0] in "MC")
            yield character if in_place else _by_number(character) if SELECTORS.match(character) else f"◌{character}"
        elif category[0] == "C" or category in ("Zl", "Zp") or character in _BLANK:
            yield _by_number(character)
        else:
            yield character


def _by_number(character: str) -> str:
    return f"<U+{ord(character):04X}>"


def _spaces(found: re.Match[str]) -> str:
    count = len(found[0])
    return "␣" * count if count <= _FEW else f"␣×{count}"


def part_of_a_character(name: str) -> str:
    """The name of a token that is no whole character: its bytes, "<0xF0 0x9F 0x98>"."""
    data = _in_bytes(name)
    return name if data is None else f"<{' '.join(f'0x{byte:02X}' for byte in data)}>"


def _in_bytes(name: str) -> bytes | None:
    """The bytes that a byte-level tokenizer means; None where it could be no such name, or one of plain letters."""
    letters = _bytes_of_letters()
    return None if name.isascii() or not set(name) <= set(letters) else bytes(map(letters.__getitem__, name))
