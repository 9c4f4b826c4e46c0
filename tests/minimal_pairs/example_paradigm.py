"""Number words: "Mary bought three" cups, not cup. A whole paradigm, as a file of `paradigms` has it."""

from __future__ import annotations

import numpy as np

from bcos_core.minimal_pairs.paradigm import Beginning, Paradigm, one_of
from bcos_core.minimal_pairs.vocabulary import THINGS, TOOK, WOMEN_NAMES

NUMBERS = (("one",), ("two", "three", "four", "five"))


def draw(generator: np.random.Generator, kind: int) -> Beginning:
    """One thing (`kind` 0) or several (1)."""
    noun = one_of(THINGS, generator)
    before = f"{one_of(WOMEN_NAMES, generator)} {one_of(TOOK, generator)} "
    return Beginning(before, one_of(NUMBERS[kind], generator), "", noun[kind], noun[1 - kind])


PARADIGM = Paradigm(
    "number-words",
    "Number words",
    "After “one” comes one thing, after a larger number several.",
    draw,
)
