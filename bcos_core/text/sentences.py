"""Where the sentences of a text are: what is drawn as one piece in the sentence view."""

from __future__ import annotations

import re

Span = tuple[int, int]

# The end of a sentence: closing marks with the quotes and brackets behind them, then white space or the end (Chinese
# and Japanese have no space there); or a line break, or the end of a pair's first text. A point after a single letter
# or a short title ends nothing.
_END = re.compile(
    r"""(?<!\b[A-Za-z])(?<!\b(?:Mr|Ms|Dr|St|vs))(?<!\b(?:Mrs|etc))[.!?…‽؟।]+["'”’»)\]]*(?=\s|$)"""
    r"""|[。！？｡]+[」』”’）]*"""
    r"""|[!?…]+["'”’»)\]]*(?=\s|$)"""
    r"""|(?=[\n\x1f])""",
)


def sentence_spans(text: str) -> tuple[Span, ...]:
    """The (start, end) character spans of the sentences: in order, without overlap, all that is not white space."""
    spans: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        spans += _trimmed(text, start, match.end())
        start = max(start, match.end())
    spans += _trimmed(text, start, len(text))
    return tuple(spans)


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    """The span without the white space at its ends; nothing if that is all there is."""
    piece = text[start:end]
    kept = piece.strip()
    if not kept:
        return []
    first = start + piece.index(kept[0])
    return [(first, first + len(kept))]
