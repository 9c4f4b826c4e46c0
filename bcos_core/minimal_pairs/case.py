"""One explanation of one prompt, and what is known about it: what every measure is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bcos_core.errors import UnknownNameError
from bcos_core.text.token import Token
from bcos_core.text.units import UNITS, Unit, token_units, word_units
from bcos_core.text.words import Span

STEPS = 31
"""Of a course at most: a longer prompt loses several units at each. Odd, so that the steps of every prompt are the same
from both ends (`struck.in_steps`)."""


@dataclass(frozen=True)
class Strikes:
    """The contrast, the logit of the right word minus that of the wrong one: after the `whole` prompt, and after the
    prompt `without` each of its units alone."""

    whole: float
    without: tuple[float, ...]

    @property
    def changes(self) -> tuple[float, ...]:
        """What striking each unit changes."""
        return tuple(after - self.whole for after in self.without)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Course:
    """The contrast as a prompt loses the units that an explanation ranks first, one at each of m steps (of more than
    `STEPS` units several, as many at each): after the prompt `without` those of the first i steps, i from 0 to m − 1,
    and after them alone (`only`), i from 1 to m. One step's units are always left: of an empty prompt a decoder says
    nothing."""

    without: tuple[float, ...]
    only: tuple[float, ...]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Case:
    """`scores` are those of the units of a prompt, in their order: the sums of their tokens'. `evidence` says of each
    whether it has a part of the evidence; None where nobody marked any, or the model has read nothing of it. `strikes`
    and `course` are there where the model was asked."""

    scores: tuple[float, ...]
    evidence: tuple[bool, ...] | None = None
    strikes: Strikes | None = None
    course: Course | None = None


def units_of(text: str, tokens: Sequence[Token], unit: str) -> list[Unit]:
    """What is ranked and removed of a prompt: its ordinary tokens, or its words. Tokens that the tokenizer or a
    template added are in none, nor are words of which the model read nothing.

    Raises:
        UnknownNameError: no such unit.
    """
    if unit not in UNITS:
        raise UnknownNameError("unit", unit, UNITS)
    return [one for one in (token_units if unit == "token" else word_units)(text, tokens) if one.positions]


def scores_of(units: Sequence[Unit], scores: Sequence[float]) -> tuple[float, ...]:
    """Of each unit the sum of its tokens' scores."""
    return tuple(sum(scores[position] for position in one.positions) for one in units)


def evidence_among(units: Sequence[Unit], evidence: Span | None) -> tuple[bool, ...] | None:
    """Of each unit whether it has a part of the evidence; None where nobody marked any, or none of it was read."""
    if evidence is None:
        return None
    start, end = evidence
    marked = tuple(one.start < end and start < one.end for one in units)
    return marked if any(marked) else None
