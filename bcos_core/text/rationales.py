"""Rationales: the parts of a text that a person named as the reason for its label, read from a column.

Three forms, told apart by what a cell holds; in CSV, lists are written as JSON:

- marks, one 0 or 1 for each word between white space, as in HateXplain: `[0, 1, 1]`
- spans of characters, the end left out: `[[4, 9], [15, 24]]`
- quotes from the text, one or several, as in ERASER: `"so dull"` or `["so dull", "never ends"]`. White space may
  differ; a quote that stands there more than once names every place.

An empty cell, an empty list and marks of 0 only say that nothing was named.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from bcos_core.errors import DataError

Spans = tuple[tuple[int, int], ...]

_FORMS = (
    "Expected a 0 or 1 for each word ([0, 1, 1]), spans of characters ([[4, 9]]), or quotes from the text "
    '("so dull" or ["so dull"])'
)


def rationale_spans(value: object, text: object, column: str, row: str) -> Spans:
    """The character spans (start, end) that a cell names, in the text without white space around it.

    `text` is the text's cell as it stands, `row` names the row for messages ("line 3").

    Raises:
        DataError: no such form, marks or spans that do not fit the text, or a quote that is not in it.
    """
    whole = str(text)
    # A zero-width match at the end where there is nothing but white space.
    shift, end = len(whole) - len(whole.lstrip()), len(whole.rstrip())
    place = f"The column {column!r}, {row}"
    parts = _parsed(value)
    if not parts:
        return ()
    if all(_is_mark(part) for part in parts):
        spans = _marked(parts, whole, place)
    elif all(_is_pair(part) for part in parts):
        spans = [_checked(part, whole, place) for part in parts]
    elif all(isinstance(part, str) for part in parts):
        spans = [span for quote in parts if quote.strip() for span in _quoted(quote, whole, place)]
    else:
        raise DataError(f"{place}: {_short(value)} is no rationale. {_FORMS}.")
    cut = ((max(first, shift) - shift, min(last, end) - shift) for first, last in spans)
    return tuple(sorted({(first, last) for first, last in cut if first < last}))


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
