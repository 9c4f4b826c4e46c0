"""Edits of a word wherever it stands in a text: dropped, replaced, or negated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bcos_core.registry import Registry
from bcos_core.text.blank import is_blank
from bcos_core.text.pair import texts_of
from bcos_core.text.words import word_spans

Span = tuple[int, int]


@dataclass(frozen=True)
class WordEdit:
    """`apply` gives a text, the place of one word in it, and what it is replaced by, without the word or with another
    one. `replaces`: it needs that other word. `done` says of a word what was done with it."""

    name: str
    title: str
    done: str
    apply: Callable[[str, Span, str], str]
    replaces: bool = False


def _dropped(text: str, span: Span, other: str) -> str:
    """Without the word and the white space before it (at the beginning, after it)."""
    before, after = text[: span[0]], text[span[1] :]
    return before.rstrip(" ") + after if before.strip(" ") else after.lstrip(" ")


def _replaced(text: str, span: Span, other: str) -> str:
    return text[: span[0]] + other + text[span[1] :]


def _negated(text: str, span: Span, other: str) -> str:
    """With "not" before the word; without it, where it stands there."""
    before = [word for word in word_spans(text) if word[1] <= span[0]]
    if before and text[slice(*before[-1])].lower() == "not":
        return _dropped(text, before[-1], other)
    return f"{text[: span[0]]}not {text[span[0] :]}"


WORD_EDITS: Registry[WordEdit] = Registry("edit of a word")
for _edit in (
    WordEdit("drop", "Drop it", "Without {word}", _dropped),
    WordEdit("replace", "Replace it", "With {other} in place of {word}", _replaced, replaces=True),
    WordEdit("negate", "Negate it", "With “not” before {word}, or without it where it stood there", _negated),
):
    WORD_EDITS.register(_edit.name, _edit)


def edited(text: str, word: str, edit: WordEdit, other: str = "") -> str | None:
    """The text with every occurrence of a word edited, in any case; None where nothing would be left of it, or of one
    of the two texts of a pair."""
    for start, end in reversed([span for span in word_spans(text) if text[slice(*span)].lower() == word]):
        text = edit.apply(text, (start, end), other)
    return None if any(is_blank(part) for part in texts_of(text)) else text
