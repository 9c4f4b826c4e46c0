"""What is ranked in a prefix: its tokens or its words, each with its score, and which of them are the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.errors import DataError, UnknownNameError
from bcos_core.text.token import Token
from bcos_core.text.units import UNITS, token_units, word_units
from bcos_core.text.words import Span


@dataclass(frozen=True)
class Ranked:
    """The scores of the tokens or words of a text, and of each whether it has a part of the evidence."""

    scores: tuple[float, ...]
    evidence: tuple[bool, ...]


def ranked(
    text: str, tokens: Sequence[Token], scores: Sequence[float], evidence: Span, *, unit: str = "token"
) -> Ranked:
    """The ordinary tokens of a text, or its words (`unit`), whose scores are the sums of their tokens'. Tokens that the
    tokenizer or a template added are not ranked, nor are words of which the model read nothing.

    Raises:
        UnknownNameError: no such unit.
        DataError: the model has read nothing of the evidence.
    """
    if unit not in UNITS:
        raise UnknownNameError("unit", unit, UNITS)
    units = [one for one in (token_units if unit == "token" else word_units)(text, tokens) if one.positions]
    start, end = evidence
    marked = tuple(one.start < end and start < one.end for one in units)
    if not any(marked):
        raise DataError(f"The model has read nothing of the evidence {text[start:end]!r:.60}; it was cut off.")
    return Ranked(tuple(sum(scores[position] for position in one.positions) for one in units), marked)
