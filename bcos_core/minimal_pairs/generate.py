"""Minimal pairs of a built-in paradigm, by a seed."""

from __future__ import annotations

import numpy as np

from bcos_core.arguments import whole_number
from bcos_core.errors import DataError
from bcos_core.minimal_pairs.critical import Tokenize, differs_at_once
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.paradigms import PARADIGMS

MOST_PAIRS = 10_000
DRAWS = 1_000
"""In a row without a new pair, before there are taken to be no more."""


def generate_pairs(
    paradigm: str, count: int, seed: int = 0, *, tokenize: Tokenize | None = None
) -> tuple[MinimalPair, ...]:
    """So many different pairs, both kinds of a paradigm in turn: those of a smaller count are the first of a larger
    one.

    Args:
        tokenize: the model's own; then the two words of every pair differ in their first token there.

    Raises:
        UnknownNameError: no such paradigm.
        InputError: a count or seed out of range.
        DataError: there are not so many different pairs, or the tokenizer tells too few words apart.
    """
    chosen = PARADIGMS[paradigm]
    count = whole_number("The number of pairs", count, least=1, most=MOST_PAIRS)
    generator = np.random.default_rng(whole_number("seed", seed, least=0))
    found: dict[MinimalPair, None] = {}
    idle = cut = 0
    while len(found) < count:
        pair = chosen.pair(generator, len(found) % 2)
        told_apart = tokenize is None or differs_at_once(pair, tokenize)
        if told_apart and pair not in found:
            found[pair] = None
            idle = cut = 0
            continue
        idle, cut = idle + 1, cut + (not told_apart)
        if idle == DRAWS:
            raise DataError(_exhausted(chosen.title, len(found), count, cut=2 * cut > idle))
    return tuple(found)


def _exhausted(title: str, found: int, count: int, *, cut: bool) -> str:
    reason = "the model's tokenizer lets the words begin with the same token" if cut else "there are no more sentences"
    return f"{title}: {found:,} of {count:,} minimal pairs were made; {reason}. Ask for fewer pairs."
