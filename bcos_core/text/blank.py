"""When a text is empty: the one rule, for tables, commands and tokenizers alike."""

from __future__ import annotations

import re
import unicodedata

# White space, control and format characters, unassigned and private ones, and marks with nothing to stand on: what
# tokenizers drop (`clean_text`, `strip_accents`, the NMT rules of SentencePiece) and nobody sees.
_NOTHING_SEEN = frozenset("ZCM")
# Letters and symbols that are drawn as nothing: fillers of Hangul, the empty Braille pattern, what stands for an object
# or a character that could not be read, and the mark of SentencePiece for a space.
_DRAWN_AS_NOTHING = frozenset("\u115f\u1160\u3164\uffa0\u2800\ufffc\ufffd\u2581")


# Marks that are drawn as nothing wherever they stand: variation selectors, the grapheme joiner.
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef\u180b-\u180f\u034f]")


def seen(text: str) -> str:
    """What a person sees of a name: without what is drawn as nothing, in one form of accents, white space as one."""
    shown = "".join(
        character
        for character in SELECTORS.sub("", text)
        if character.isspace() or (character not in _DRAWN_AS_NOTHING and unicodedata.category(character)[0] != "C")
    )
    return " ".join(unicodedata.normalize("NFC", shown).split())


def is_blank(text: str) -> bool:
    """Whether there is nothing in a text that a person sees and a model reads."""
    return all(
        character.isspace() or character in _DRAWN_AS_NOTHING or unicodedata.category(character)[0] in _NOTHING_SEEN
        for character in text
    )
