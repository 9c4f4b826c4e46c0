"""Where a text stands in the tokens that a model reads of it, and what of it was cut off."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.text.pair import halves
from bcos_core.text.token import Token
from bcos_core.text.words import Span


def positions_by_half(text: str, tokens: Sequence[Token]) -> tuple[tuple[int, ...], ...]:
    """The positions of the ordinary tokens, of a pair those of each text by themselves."""
    starts = [(position, token.start) for position, token in enumerate(tokens)]
    return tuple(
        tuple(position for position, start in starts if start is not None and first <= start <= last)
        for first, last in halves(text)
    )


def unread_spans(text: str, tokens: Sequence[Token], truncated_at: int | None) -> tuple[Span, ...]:
    """The characters that a model does not see, since its limit leaves them out: the text's end, or the ends of a
    pair's texts; of a prompt its front. `truncated_at` is where the text was cut, `None` if it was not."""
    if truncated_at is None:
        return ()
    if all(token.start is None or token.start >= truncated_at for token in tokens):  # read from there on
        return ((0, truncated_at),) if truncated_at else ()
    parts = halves(text)
    read = [max((tokens[p].end or 0 for p in part), default=0) for part in positions_by_half(text, tokens)]
    if len(parts) == 1:  # white space after the last token was read, too
        read = [truncated_at]
    rest = [(max(start, last), end) for last, (start, end) in zip(read, parts, strict=True)]
    return tuple(span for span in rest if text[slice(*span)])
