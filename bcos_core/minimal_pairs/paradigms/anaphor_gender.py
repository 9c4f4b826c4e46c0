"""Anaphor gender: "The queen who met the boy blamed" herself, not himself."""

from __future__ import annotations

import numpy as np

from bcos_core.minimal_pairs.paradigm import Beginning, Paradigm, one_of
from bcos_core.minimal_pairs.vocabulary import MEN, MEN_NAMES, MET, REFLEXIVES, TO_ONESELF, WOMEN, WOMEN_NAMES


def draw(generator: np.random.Generator, kind: int) -> Beginning:
    """A woman (`kind` 0) or a man (1), by name or not; in half of the sentences a person of the other gender stands
    between, in a clause that the anaphor cannot reach into."""
    named = bool(generator.integers(2))
    between = ""
    if generator.integers(2):
        other = one_of((WOMEN, MEN)[1 - kind], generator)[0]
        clause = f"who {one_of(MET, generator)} the {other}"
        between = f", {clause}," if named else f" {clause}"
    after = f"{between} {one_of(TO_ONESELF, generator)}"
    good, bad = REFLEXIVES[kind], REFLEXIVES[1 - kind]
    if named:
        return Beginning("", one_of((WOMEN_NAMES, MEN_NAMES)[kind], generator), after, good, bad)
    return Beginning("The ", one_of((WOMEN, MEN)[kind], generator)[0], after, good, bad)


PARADIGM = Paradigm(
    "anaphor-gender",
    "Anaphor gender",
    "“Herself” and “himself” go with the subject of their own clause, whoever else is named.",
    draw,
)
