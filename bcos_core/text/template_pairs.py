"""Pairs of sentences that templates make: does the second follow from the first? The words that decide it are known.

Three kinds of reasons, as many pairs of each: a negation that stands in the second sentence alone, a number that is the
same or another, a kind of things that is the same, wider or narrower. But for that negation, no sentence alone says
which label is right: each word stands in as many pairs that follow as in pairs that do not.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from bcos_core.text.labelled import Labelled
from bcos_core.text.pair import halves, pair
from bcos_core.text.rationales import Spans

LABELS = ("follows", "does not follow")
PAIRS_OF_EACH = 1_500
_SEED = 0

_NUMBERS = ("Two", "Three", "Four", "Five")
_KINDS = {
    "animals": ("dogs", "cats", "horses", "sheep", "goats", "rabbits"),
    "vehicles": ("cars", "trucks", "bicycles", "buses", "tractors", "motorcycles"),
    "instruments": ("violins", "trumpets", "flutes", "guitars", "drums", "pianos"),
    "tools": ("hammers", "saws", "drills", "shovels", "axes", "screwdrivers"),
}
_VERBS = ("found", "seen", "sold", "counted", "photographed", "moved", "expected", "noticed")
_PLACES = ("in the garden", "near the river", "behind the school", "at the market", "in the village", "on the hill")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class _Statement:
    number: str
    things: str
    negated: bool


# Both statements, whether the second follows from the first, and the words that decide it.
_Case = tuple[_Statement, _Statement, bool, tuple[str, ...]]


def template_pairs() -> Labelled:
    """The pairs, the same on every machine, with the deciding words as rationales."""
    draw = random.Random(_SEED)
    texts: dict[str, tuple[str, Spans]] = {}
    for make in (_by_negation, _by_number, _by_kind):
        wanted = len(texts) + PAIRS_OF_EACH
        while len(texts) < wanted:
            first, second, follows, reasons = make(draw)
            verb, place, day = draw.choice(_VERBS), draw.choice(_PLACES), draw.choice(_DAYS)
            text = pair(
                f"{_said(first, first.number, verb)} {place} on {day}.",
                f"On {day}, {_said(second, second.number.lower(), verb)} {place}.",
            )
            texts.setdefault(text, (LABELS[not follows], tuple(sorted(set(_places(text, reasons))))))
    return Labelled(
        tuple(texts),
        tuple(label for label, _ in texts.values()),
        empty_rows=0,
        rationales=tuple((spans,) for _, spans in texts.values()),
    )


def _said(statement: _Statement, number: str, verb: str) -> str:
    return f"{number} {statement.things} were {'not ' if statement.negated else ''}{verb}"


def _places(text: str, words: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Where the words stand, in both sentences."""
    for start, end in halves(text):
        for word in words:
            for match in re.finditer(rf"\b{word}\b", text[start:end], re.IGNORECASE):
                yield start + match.start(), start + match.end()


def _by_negation(draw: random.Random) -> _Case:
    number, things = draw.choice(_NUMBERS), draw.choice(_all_things())
    negated = draw.random() < 0.5
    return _Statement(number, things, False), _Statement(number, things, negated), not negated, ("not",)


def _by_number(draw: random.Random) -> _Case:
    things, negated = draw.choice(_all_things()), draw.random() < 0.5
    first, follows = draw.choice(_NUMBERS), draw.random() < 0.5
    second = first if follows else draw.choice([number for number in _NUMBERS if number != first])
    return _Statement(first, things, negated), _Statement(second, things, negated), follows, (first, second)


def _by_kind(draw: random.Random) -> _Case:
    """Never negated, since a negation turns around which of two kinds follows from the other. The weights keep every
    word, in either sentence, as likely with one label as with the other."""
    make = draw.choice((_narrower, _same_wide, _same_narrow, _of_another_kind, _of_another_kind, _wider))
    first, second, follows = make(draw)
    number = draw.choice(_NUMBERS)
    return _Statement(number, first, False), _Statement(number, second, False), follows, (first, second)


def _narrower(draw: random.Random) -> tuple[str, str, bool]:
    kind = draw.choice(list(_KINDS))
    return draw.choice(_KINDS[kind]), kind, True


def _same_wide(draw: random.Random) -> tuple[str, str, bool]:
    kind = draw.choice(list(_KINDS))
    return kind, kind, True


def _same_narrow(draw: random.Random) -> tuple[str, str, bool]:
    things = draw.choice(_all_things())
    return things, things, True


def _of_another_kind(draw: random.Random) -> tuple[str, str, bool]:
    kind, other = draw.sample(list(_KINDS), 2)
    return draw.choice(_KINDS[other]), kind, False


def _wider(draw: random.Random) -> tuple[str, str, bool]:
    kind = draw.choice(list(_KINDS))
    return kind, draw.choice(_KINDS[kind]), False


def _all_things() -> tuple[str, ...]:
    return tuple(things for kind in _KINDS.values() for things in kind)
