"""Two texts as one: what a task of pairs (does this follow from that, do both ask the same) reads.

A pair is written as one string, its texts apart by U+001F, the unit separator, which stands in no text. So whatever
speaks of characters (offsets of tokens, words, strikes, rationales), and whatever knows a text by its content, is the
same for a pair as for a text. Only tokenizers, drawings and forms look at the halves.
"""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.errors import TextError
from bcos_core.text.blank import is_blank

SEPARATOR = "\x1f"
HEADINGS = ("First text", "Second text")
_SHOWN_BETWEEN = " ‖ "


def pair(first: str, second: str) -> str:
    """Two texts as one pair, each without white space around it.

    Raises:
        TextError: one of them is empty.
    """
    for heading, text in zip(HEADINGS, (first, second), strict=True):
        if is_blank(text):
            raise TextError(f"The {heading.lower()} of a pair is empty. Type at least one word there.")
    return SEPARATOR.join(without_separator(text).strip() for text in (first, second))


def is_pair(text: str) -> bool:
    """Whether a string holds two texts."""
    return SEPARATOR in text


def texts_of(text: str) -> tuple[str, ...]:
    """The two texts of a pair, or the one text.

    Raises:
        TextError: more than two.
    """
    found = tuple(text.split(SEPARATOR))
    if len(found) > 2:
        raise TextError(f"A pair has two texts; {len(found)} were given, with U+001F between them.")
    return found


def halves(text: str) -> tuple[tuple[int, int], ...]:
    """The (start, end) characters of each text of a pair; of a text, all of it."""
    spans = []
    start = 0
    for part in text.split(SEPARATOR):
        spans.append((start, start + len(part)))
        start += len(part) + len(SEPARATOR)
    return tuple(spans)


def without_separator(text: str) -> str:
    """A text that a person or a file gave; the unit separator, which nobody sees, is the white space that it is."""
    return text.replace(SEPARATOR, " ")


def one_line(text: str) -> str:
    """A text for a list, a table or a message: the two of a pair beside each other."""
    return text.replace(SEPARATOR, _SHOWN_BETWEEN)


def require_texts(name: str, pairs: bool | None, texts: Sequence[str]) -> None:
    """Refuse pairs where a model reads one text, and single texts where it reads pairs; None where nobody knows.

    Raises:
        TextError: the message names the first such text.
    """
    if pairs is None:
        return
    for position, text in enumerate(texts):
        if isinstance(text, str) and is_pair(text) != pairs:
            have = "is one text" if pairs else "is a pair of texts"
            needs = "two texts, such as a premise and a hypothesis: give the second one too" if pairs else "one text"
            raise TextError(f"Text {position + 1} {have}, but {name} was trained to read {needs}.")
