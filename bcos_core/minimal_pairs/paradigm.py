"""What a built-in paradigm is, and those that there are: each is one file of `paradigms`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from bcos_core.minimal_pairs.pair import MinimalPair
from bcos_core.registry import Registry

Entry = TypeVar("Entry")


@dataclass(frozen=True)
class Beginning:
    """A sentence up to the critical word: the `evidence` word and what is around it. Then `good` is right, and `bad`,
    which differs from it in nothing else, is wrong."""

    before: str
    evidence: str
    after: str
    good: str
    bad: str


@dataclass(frozen=True)
class Paradigm:
    """A rule of language that decides between two words.

    `draw` makes a sentence. The second argument, 0 or 1, says which of two kinds it has (one subject or several, a
    woman or a man): where as many of both are drawn, whoever always prefers the same word is right half of the time.
    """

    name: str
    title: str
    description: str
    draw: Callable[[np.random.Generator, int], Beginning]

    def pair(self, generator: np.random.Generator, kind: int) -> MinimalPair:
        """A drawn sentence as a minimal pair."""
        drawn = self.draw(generator, kind)
        start = len(drawn.before)
        return MinimalPair(
            drawn.before + drawn.evidence + drawn.after,
            f" {drawn.good}",
            f" {drawn.bad}",
            (start, start + len(drawn.evidence)),
            self.name,
        )


PARADIGMS: Registry[Paradigm] = Registry("paradigm of minimal pairs")


def one_of(entries: Sequence[Entry], generator: np.random.Generator) -> Entry:
    """An entry, each as likely as any other."""
    return entries[int(generator.integers(len(entries)))]


def two_of(entries: Sequence[Entry], generator: np.random.Generator) -> tuple[Entry, Entry]:
    """Two different entries, in random order."""
    first, second = generator.choice(len(entries), 2, replace=False).tolist()
    return entries[first], entries[second]
