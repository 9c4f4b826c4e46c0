"""Anaphor number: "The kings who met the boy blamed" themselves, not himself."""

from __future__ import annotations

import numpy as np

from bcos_core.minimal_pairs.paradigm import Beginning, Paradigm, one_of
from bcos_core.minimal_pairs.vocabulary import MEN, MET, REFLEXIVES, TO_ONESELF, WOMEN


def draw(generator: np.random.Generator, kind: int) -> Beginning:
    """One person (`kind` 0) or several (1). The gender is right in both words; in half of the sentences people of the
    other number, of either gender, stand between."""
    gender = int(generator.integers(2))
    of_one = REFLEXIVES[gender]
    words = (of_one, "themselves")
    subject = one_of((WOMEN, MEN)[gender], generator)
    between = ""
    if generator.integers(2):
        others = [noun for noun in (*WOMEN, *MEN) if noun != subject]
        between = f" who {one_of(MET, generator)} the {one_of(others, generator)[1 - kind]}"
    after = f"{between} {one_of(TO_ONESELF, generator)}"
    return Beginning("The ", subject[kind], after, words[kind], words[1 - kind])


PARADIGM = Paradigm(
    "anaphor-number",
    "Anaphor number",
    "“Themselves” goes with several people, “herself” or “himself” with one: with the subject of their own clause.",
    draw,
)
