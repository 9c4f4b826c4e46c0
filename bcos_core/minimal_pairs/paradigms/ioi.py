"""Indirect object identification: "Mary and John went to the park. John gave a book to" Mary, not John (Wang et al.,
arXiv 2211.00593)."""

from __future__ import annotations

import numpy as np

from bcos_core.minimal_pairs.paradigm import Beginning, Paradigm, one_of, two_of
from bcos_core.minimal_pairs.vocabulary import GIFTS, MEN_NAMES, PLACES, WOMEN_NAMES

TEMPLATES = (
    ("Then, ", " went to the {place}. ", " gave a {gift} to"),
    ("When ", " were at the {place}, ", " handed a {gift} to"),
    ("After ", " came to the {place}, ", " offered a {gift} to"),
    ("Friends ", " met at the {place}. ", " passed a {gift} to"),
)
"""What stands before the two names, between them and the giver's, and after that."""


def draw(generator: np.random.Generator, kind: int) -> Beginning:
    """Two names: who is given something is named first (`kind` 0) or second (1)."""
    receiver, giver = two_of((*WOMEN_NAMES, *MEN_NAMES), generator)
    place, gift = one_of(PLACES, generator), one_of(GIFTS, generator)
    before, between, rest = (part.format(place=place, gift=gift) for part in one_of(TEMPLATES, generator))
    given = f"{between}{giver}{rest}"
    if kind == 0:
        return Beginning(before, receiver, f" and {giver}{given}", receiver, giver)
    return Beginning(f"{before}{giver} and ", receiver, given, receiver, giver)


PARADIGM = Paradigm(
    "ioi",
    "Indirect object identification",
    "Of two people one gives something: to the other, whose name stands once before.",
    draw,
)
