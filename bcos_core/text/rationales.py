"""Rationales: the parts of a text that people named as the reason for its label, read from a column.

Three forms, told apart by what a cell holds; in CSV, lists are written as JSON:

- marks, one 0 or 1 for each word between white space, as in HateXplain: `[0, 1, 1]`
- spans of characters, the end left out: `[[4, 9], [15, 24]]`
- quotes from the text, one or several, as in ERASER: `"so dull"` or `["so dull", "never ends"]`. White space may
  differ; a quote that stands there more than once names every place.

Where several people named something, a cell is a list with what each of them named: `[[0, 1, 1], [0, 0, 1]]`,
`[[[4, 9]], []]`, `[["so dull"], ["dull", "ends"]]`. An empty list among them is a person who named nothing; an empty
cell, an empty list and marks of 0 only say that nothing was named.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from bcos_core.errors import DataError

Spans = tuple[tuple[int, int], ...]
"""Characters (start, end), in order."""
Rationales = tuple[Spans, ...]
"""What each person named in one text: `()` for one who named nothing."""

_FORMS = (
    "Expected a 0 or 1 for each word ([0, 1, 1]), spans of characters ([[4, 9]]), quotes from the text "
    '("so dull" or ["so dull"]), or a list with one such list for each person'
)


def read_rationales(value: object, text: object, column: str, row: str) -> Rationales:
    """The character spans that a cell names, person by person, in the text without white space around it; `()` where
    nobody was asked.

    `text` is the text's cell as it stands, `row` names the row for messages ("line 3").

    Raises:
        DataError: no such form, marks or spans that do not fit the text, or a quote that is not in it.
    """
    whole = str(text)
    # A zero-width match at the end where there is nothing but white space.
    shift, end = len(whole) - len(whole.lstrip()), len(whole.rstrip())
    place = f"The column {column!r}, {row}"
    people = _people(_parsed(value), whole, place)
    cut = [[(max(first, shift) - shift, min(last, end) - shift) for first, last in spans] for spans in people]
    return tuple(tuple(sorted({(first, last) for first, last in spans if first < last})) for spans in cut)


def _people(parts: list[Any], text: str, place: str) -> list[list[tuple[int, int]]]:
    """What each person named. Lists of two numbers are one person's spans, unless they can only be marks."""
    if not parts:
        return []
    if not all(isinstance(part, list | tuple) for part in parts):
        return [_named(parts, text, place)]
    if all(map(_is_pair, parts)):
        as_marks = len(text.split()) == 2 and all(map(_is_mark, [end for part in parts for end in part]))
        if as_marks and any(list(part) != [0, 1] for part in parts):
            return [_named(list(part), text, place) for part in parts]
        if as_marks:
            raise DataError(
                f"{place}: {_short(parts)} can be marks for two words or spans of characters. Write it as spans, "
                "person by person: [[[0, 1]]]."
            )
        return [_named(parts, text, place)]
    return [_named(list(part), text, place) for part in parts]


def _named(parts: list[Any], text: str, place: str) -> list[tuple[int, int]]:
    """What one person named."""
    if all(map(_is_mark, parts)):
        return _marked(parts, text, place) if parts else []
    if all(map(_is_pair, parts)):
        return [_checked(part, text, place) for part in parts]
    if all(isinstance(part, str) for part in parts):
        return [span for quote in parts if quote.strip() for span in _quoted(quote, text, place)]
    raise DataError(f"{place}: {_short(parts)} is no rationale. {_FORMS}.")


def _parsed(value: object) -> list[Any]:
    """A cell as a list; empty where nothing was named."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return []
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            try:
                return list(json.loads(value))
            except (ValueError, RecursionError):
                pass  # a quote may begin with a bracket
        return [value] if value.strip() else []
    return list(value) if isinstance(value, list | tuple) else [value]


def _is_mark(part: object) -> bool:
    return isinstance(part, bool | int | float) and part in (0, 1)


def _is_pair(part: object) -> bool:
    return (
        isinstance(part, list | tuple)
        and len(part) == 2
        and all(isinstance(end, int) and not isinstance(end, bool) for end in part)
    )


def _marked(marks: Sequence[Any], text: str, place: str) -> list[tuple[int, int]]:
    words = [match.span() for match in re.finditer(r"\S+", text)]
    if len(words) != len(marks):
        raise DataError(
            f"{place}: {len(marks):,} marks for {len(words):,} words. Give one 0 or 1 for each word between white "
            "space."
        )
    return [word for word, mark in zip(words, marks, strict=True) if mark]


def _checked(span: Sequence[int], text: str, place: str) -> tuple[int, int]:
    start, end = span
    if not 0 <= start < end <= len(text):
        raise DataError(
            f"{place}: the span {start} to {end} is not in the text, which has {len(text):,} characters. Give the "
            "first character, counted from 0, and the one after the last."
        )
    return start, end


def _quoted(quote: str, text: str, place: str) -> list[tuple[int, int]]:
    words = quote.split()
    pattern = r"\s+".join(map(re.escape, words))
    # Whole words only: "art" is not quoted from "a party".
    before = r"(?<!\w)" if re.match(r"\w", words[0]) else ""
    after = r"(?!\w)" if re.search(r"\w$", words[-1]) else ""
    found = [match.span() for match in re.finditer(before + pattern + after, text)]
    if not found:
        raise DataError(f"{place}: {_short(quote)} does not stand in the text. {_FORMS}; quotes are word for word.")
    return found


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"
