"""The pairs of a file or a paradigm that models are asked about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bcos_core.minimal_pairs.critical import Tokenize
from bcos_core.minimal_pairs.generate import generate_pairs
from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.minimal_pairs.paradigms import PARADIGMS
from bcos_core.minimal_pairs.reading import read_pairs
from bcos_core.minimal_pairs.spec import source_name
from bcos_core.storage.listing import LeftOut


@dataclass(frozen=True)
class Drawn:
    """Pairs of one source, and the rows of the file that were left out."""

    name: str
    pairs: tuple[MinimalPair, ...]
    left_out: tuple[LeftOut, ...] = ()


def draw_pairs(source: str, limit: int, seed: int, tokenizers: Sequence[Tokenize]) -> Drawn:
    """At most so many pairs of a source, in the order of the file; of a paradigm, so many of which every tokenizer
    tells the words apart at once. The same for any models of the same tokenizers.

    Raises:
        DataError: the file cannot be used, or there are not so many sentences of a paradigm.
    """
    if source in PARADIGMS:
        return Drawn(source, generate_pairs(source, limit, seed, tokenizers=tokenizers))
    found = read_pairs(source)
    places: Sequence[int] = range(len(found))
    if len(found) > limit:
        places = sorted(np.random.default_rng(seed).choice(len(found), limit, replace=False).tolist())
    return Drawn(source_name(source), tuple(found[place] for place in places), found.left_out)
