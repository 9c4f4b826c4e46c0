"""Where the words of a text are: what is drawn as one piece, and struck out as one piece.

Words are runs of letters and digits, with inner apostrophes, hyphens and underscores. Punctuation marks and
emoji are pieces of their own, and so is each Chinese or Japanese character, where no spaces mark words.
What belongs to a character (accents, variation selectors, skin tones, joined emoji) is never cut from it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from enum import Enum, auto

Span = tuple[int, int]

_JOINERS = frozenset("'’-‐‑_")
_ZERO_WIDTH_JOINER = "\u200d"
_ZERO_WIDTH_SPACE = "\u200b"

# Blocks whose scripts are written without spaces and read character by character (Unicode 16).
_UNSPACED = (
    (0x2E80, 0x2FDF),  # CJK and Kangxi radicals
    (0x3005, 0x3007),  # iteration mark, closing mark, zero
    (0x3021, 0x312F),  # Hangzhou numerals, kana, Bopomofo
    (0x31A0, 0x31FF),  # Bopomofo and Katakana extensions
    (0x3400, 0x4DBF),  # CJK extension A
    (0x4E00, 0x9FFF),  # CJK
    (0xF900, 0xFAFF),  # CJK compatibility
    (0xFF66, 0xFF9D),  # halfwidth Katakana
    (0x1AFF0, 0x1B16F),  # kana supplements
    (0x20000, 0x3FFFD),  # further CJK extensions
)


class _Kind(Enum):
    RUN = auto()  # joins its neighbours of the same kind into a word
    JOINER = auto()  # joins two runs when it stands alone between them
    SINGLE = auto()  # a piece of its own


def word_spans(text: str) -> tuple[Span, ...]:
    """The (start, end) character spans of the words: in order, without overlap, all that is not white space."""
    spans: list[Span] = []
    clusters = list(_clusters(text))
    place = 0
    while place < len(clusters):
        start, end, kind = clusters[place]
        place += 1
        if kind is _Kind.RUN:
            while (step := _continues(text, clusters, place)) > 0:
                place += step
                end = clusters[place - 1][1]
        spans.append((start, end))
    return tuple(spans)


def count_words(text: str) -> int:
    """How many words a text has, for a summary of lengths: between white space, unspaced characters one each."""
    words = len(text.split())
    if text.isascii():
        return words
    unspaced = sum(_is_unspaced(character) for character in text)
    spaced = sum(not all(_is_unspaced(c) for c in word) for word in text.split()) if unspaced else words
    return spaced + unspaced


def _continues(text: str, clusters: list[tuple[int, int, _Kind]], place: int) -> int:
    """How many clusters from `place` on belong to the word that ends before it: 0, 1, or 2 with a joiner."""

    def adjoins(at: int, kind: _Kind) -> bool:
        if at >= len(clusters) or clusters[at][2] is not kind:
            return False
        before = clusters[at - 1][1]
        return before == clusters[at][0] and text[before - 1] != _ZERO_WIDTH_SPACE

    if adjoins(place, _Kind.RUN):
        return 1
    if adjoins(place, _Kind.JOINER) and adjoins(place + 1, _Kind.RUN):
        return 2
    return 0


def _clusters(text: str) -> Iterator[tuple[int, int, _Kind]]:
    """Characters with all that belongs to them, white space left out."""
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        start = place
        # Marks with nothing before them (a direction mark, an Arabic number sign) belong to what follows.
        while place < len(text) and _extends(text[place]):
            place += 1
        if place == len(text) or text[place].isspace():
            yield start, place, _Kind.SINGLE
            continue
        base = text[place]
        place += 1
        if _is_flag_letter(base) and place < len(text) and _is_flag_letter(text[place]):
            place += 1
        while place < len(text):
            joined = text[place - 1] == _ZERO_WIDTH_JOINER and unicodedata.category(text[place])[0] in "LNS"
            if not joined and not _extends(text[place]):
                break
            place += 1
        yield start, place, _kind(base)


def _kind(base: str) -> _Kind:
    if base in _JOINERS:
        return _Kind.JOINER
    return _Kind.RUN if base.isalnum() and not _is_unspaced(base) else _Kind.SINGLE


def _extends(character: str) -> bool:
    """Whether a character belongs to the one before it."""
    if character < "\u00ad":  # the first such character is the soft hyphen
        return False
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me", "Cf")
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or character in "\uff9e\uff9f"  # halfwidth kana sound marks
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_unspaced(character: str) -> bool:
    if character < "\u2e80":
        return False
    code = ord(character)
    return any(low <= code <= high for low, high in _UNSPACED)
