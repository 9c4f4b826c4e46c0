"""Subject–verb agreement: "The keys near the old cabinet" are, not is (Linzen et al., arXiv 1611.01368)."""

from __future__ import annotations

import numpy as np

from bcos_core.minimal_pairs.paradigm import Beginning, Paradigm, one_of, two_of
from bcos_core.minimal_pairs.vocabulary import ADJECTIVES, NEAR, PEOPLE, THINGS, VERBS

MOST_ATTRACTORS = 2


def draw(generator: np.random.Generator, kind: int) -> Beginning:
    """One subject (`kind` 0) or several (1). Every noun between it and the verb, one or two, is of the other number."""
    subject, attractor = two_of(one_of((PEOPLE, THINGS), generator), generator)
    after = f" {one_of(NEAR, generator)} the {one_of(ADJECTIVES, generator)} {attractor[1 - kind]}"
    if generator.integers(MOST_ATTRACTORS):
        others = [noun for noun in THINGS if noun not in (subject, attractor)]
        after += f" {one_of(NEAR, generator)} the {one_of(others, generator)[1 - kind]}"
    verb = one_of(VERBS, generator)
    return Beginning("The ", subject[kind], after, verb[kind], verb[1 - kind])


PARADIGM = Paradigm(
    "agreement",
    "Subject–verb agreement",
    "The verb has the number of its subject, not that of the nouns between them, which is the other one.",
    draw,
)
