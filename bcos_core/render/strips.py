"""A text under the heat of one method, what is known to decide in a box: how several methods stand below each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bcos_core.numbers import number
from bcos_core.render.palette import Palette
from bcos_core.render.scale import own_scale
from bcos_core.text.words import Span

Piece = tuple[int, int, float]
"""(start, end, score) of a word or a token of the text."""


def strip_runs(
    text: str, pieces: Sequence[Piece], marked: Sequence[Span], palette: Palette, *, what: str
) -> list[dict[str, Any]]:
    """The text as runs: of each its `text`; of a piece also its colours `light` and `dark`, a `tip`, and whether it is
    `marked`, which the tip calls `what`. Full colour is the largest absolute value: methods have no unit in common.
    """
    scale = own_scale(score for _, _, score in pieces)
    runs: list[dict[str, Any]] = []
    done = 0
    for start, end, score in pieces:
        if start > done:
            runs.append({"text": text[done:start]})
        strength, is_marked = scale.strength(score), touches(start, end, marked)
        runs.append(
            {
                "text": text[start:end],
                "light": palette.shade(strength, "light").background,
                "dark": palette.shade(strength, "dark").background,
                "tip": f"{number(score, signed=True)}{f', {what}' if is_marked else ''}",
                "marked": is_marked,
            }
        )
        done = end
    return [*runs, {"text": text[done:]}] if done < len(text) else runs


def touches(start: int, end: int, spans: Iterable[Span]) -> bool:
    """Whether the characters from `start` to `end` have one in common with a span."""
    return any(first < end and start < last for first, last in spans)
