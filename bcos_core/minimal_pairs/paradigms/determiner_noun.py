"""Determiner–noun agreement: "Mary sold these old" keys, not key."""

from __future__ import annotations

import numpy as np

from bcos_core.minimal_pairs.paradigm import Beginning, Paradigm, one_of
from bcos_core.minimal_pairs.vocabulary import ADJECTIVES, DETERMINERS, MEN_NAMES, THINGS, TOOK, WOMEN_NAMES

MOST_ADJECTIVES = 2


def draw(generator: np.random.Generator, kind: int) -> Beginning:
    """One thing (`kind` 0) or several (1), with up to two adjectives between."""
    before = f"{one_of((*WOMEN_NAMES, *MEN_NAMES), generator)} {one_of(TOOK, generator)} "
    count = int(generator.integers(MOST_ADJECTIVES + 1))
    adjectives = generator.choice(ADJECTIVES, count, replace=False).tolist()
    after = "".join(f" {adjective}" for adjective in adjectives)
    noun = one_of(THINGS, generator)
    return Beginning(before, one_of(DETERMINERS, generator)[kind], after, noun[kind], noun[1 - kind])


PARADIGM = Paradigm(
    "determiner-noun",
    "Determiner–noun agreement",
    "After “this” and “that” comes one thing, after “these” and “those” several.",
    draw,
)
