"""Where two texts part: what they share, and the first word in which they differ."""

from __future__ import annotations

import re
import unicodedata

from bcos_core.errors import DataError
from bcos_core.text.words import Span, word_spans


def split_texts(good: str, bad: str) -> tuple[str, str, str]:
    """Two texts as prefix, right word and wrong word, each word with the white space before it. What comes after these
    words is left away: a model that reads from left to right has not seen it.

    Raises:
        DataError: they have no word in common at their beginning, or none in which they differ.
    """
    ours, theirs = word_spans(good), word_spans(bad)
    shared = 0
    while (
        shared < min(len(ours), len(theirs))
        and good[slice(*ours[shared])] == bad[slice(*theirs[shared])]
        and good[: ours[shared][1]] == bad[: theirs[shared][1]]
    ):
        shared += 1
    if not shared:
        raise DataError(f"{good!r:.60} and {bad!r:.60} have no first word in common, so there is no prefix.")
    if shared in (len(ours), len(theirs)) or good[slice(*ours[shared])] == bad[slice(*theirs[shared])]:
        raise DataError(f"{good!r:.60} and {bad!r:.60} have no word in which they differ, where both have one.")
    at = ours[shared - 1][1]
    return good[:at], good[at : ours[shared][1]], bad[at : theirs[shared][1]]


def places_of(word: str, text: str) -> tuple[Span, ...]:
    """Where a word, or several in a row, stand in a text as a whole: "this" is not in "thistle", "cafe" not in "café"
    however its accent is written. An apostrophe or a hyphen within a word parts it: "key" is in "key-ring"."""
    inside = {place for start, end in word_spans(text) for place in range(start + 1, end)}
    inside -= {place for place in inside if any(map(_parts_a_word, text[place - 1 : place + 1]))}
    spans = (found.span() for found in re.finditer(re.escape(word), text))
    return tuple(span for span in spans if not inside.intersection(span))


def _parts_a_word(character: str) -> bool:
    """An underscore does not: it is written where a name is to be one word."""
    return unicodedata.category(character) in ("Pd", "Pf", "Pi", "Po")
