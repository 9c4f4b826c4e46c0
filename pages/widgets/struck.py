"""Which words are struck out: character spans in the address."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pages.widgets import url

Span = tuple[int, int]

_NAMED = 3
_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")


def struck_spans(length: int) -> tuple[Span, ...]:
    """The spans in the address that lie within a text of `length` characters; anything else there is ignored."""
    spans = ((int(start), int(end)) for start, end in _SPAN.findall(url.read("strike")))
    return tuple(sorted((start, end) for start, end in spans if start < end <= length))


def toggled(spans: tuple[Span, ...], words: Sequence[Span]) -> tuple[Span, ...]:
    """The spans after a click on each of the words: what overlaps one is restored, else it is struck."""
    for start, end in words:
        kept = tuple(span for span in spans if span[1] <= start or end <= span[0])
        spans = kept if len(kept) < len(spans) else tuple(sorted((*spans, (start, end))))
    return spans


def named(text: str, spans: tuple[Span, ...]) -> str:
    """The struck words, as many as can be read at a glance."""
    words = [f"“{text[start:end]}”" for start, end in spans]
    rest = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
