"""What was changed between two versions of a text, word by word."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from bcos_core.text.pair import texts_of
from bcos_core.text.words import word_spans


@dataclass(frozen=True)
class Change:
    """Words that stand in one place of the first text, and those that stand there in the second; either may be none."""

    before: str
    after: str


def changes(before: str, after: str) -> list[Change]:
    """The changes in the order of the text; of a pair, those of its first text and then of its second.

    Raises:
        ValueError: one text against two.
    """
    return [change for both in zip(texts_of(before), texts_of(after), strict=True) for change in _changes(*both)]


def _changes(before: str, after: str) -> list[Change]:
    first, second = ([text[start:end] for start, end in word_spans(text)] for text in (before, after))
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return [
        Change(" ".join(first[a:b]), " ".join(second[c:d]))
        for kind, a, b, c, d in matcher.get_opcodes()
        if kind != "equal"
    ]
