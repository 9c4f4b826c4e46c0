"""Minimal pairs of a built-in paradigm, by a seed."""

from __future__ import annotations

from collections.abc import Sequence

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
    paradigm: str, count: int, seed: int = 0, *, tokenizers: Sequence[Tokenize] = ()
) -> tuple[MinimalPair, ...]:
    """So many different pairs, both kinds of a paradigm in turn: those of a smaller count are the first of a larger
    one.

    Args:
        tokenizers: of the models that will be asked; the two words of every pair differ in their first token in each.

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
        told_apart = all(differs_at_once(pair, tokenize) for tokenize in tokenizers)
        if told_apart and pair not in found:
            found[pair] = None
            idle = cut = 0
            continue
        idle, cut = idle + 1, cut + (not told_apart)
        if idle == DRAWS:
            raise DataError(_exhausted(chosen.title, len(found), count, cut=2 * cut > idle))
    return tuple(found)


def _exhausted(title: str, found: int, count: int, *, cut: bool) -> str:
    made = f"{title}: {found:,} of {count:,} minimal pairs were made"
    if cut:
        return f"{made}; a tokenizer lets both words begin with the same token. Give a file of pairs instead."
    return f"{made}; there are no more sentences. Ask for fewer pairs."
