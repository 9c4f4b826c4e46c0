"""The best order in which a text can lose its tokens: exactly over all sets of tokens, or by beam search.

An order of n tokens passes through the nested sets A₁ ⊂ … ⊂ Aₙ₋₁ of its first tokens. What an order is worth is the sum
of a weight of each of them, so the best of all n! orders is the best chain in the lattice of 2ⁿ sets: what is best on
the way to a set does not depend on what comes after it. A set is a number here, with bit i for token i.
"""

from __future__ import annotations

from collections.abc import Mapping

EXACT_UP_TO = 8
"""Tokens of a text of which every set is tried: 2⁸ passes, no more than a beam takes."""


def best_sum(tokens: int, weights: Mapping[int, float]) -> float:
    """The greatest sum of weights over the nested sets of 1 … `tokens` − 1 tokens; `weights` are those of all of them.

    By dynamic programming, in tokens · 2^tokens steps.
    """
    best = {0: 0.0}
    for chosen in range(1, (1 << tokens) - 1):  # a set comes after all its subsets
        best[chosen] = weights[chosen] + max(best[chosen ^ 1 << token] for token in _members(chosen, tokens))
    whole = (1 << tokens) - 1
    return max(best[whole ^ 1 << token] for token in range(tokens))


class Beam:
    """The same by beam search: of the sets of each size, the `width` best are gone on from.

    Orders that have removed the same tokens are one entry: they go on alike, and the best of them is kept. So a beam
    that is as wide as there are sets of one size, (n choose n/2), is exact; a narrower one never exceeds the best.
    """

    def __init__(self, tokens: int, width: int) -> None:
        self._tokens, self._width, self._size = tokens, width, 0
        self._sums: dict[int, float] = {0: 0.0}
        self.candidates: dict[int, float] = {}
        """Sets that are one larger than those of the beam, with the best sum that leads to them, their own weight left
        out. Empty when the search is done."""
        self._propose()

    def choose(self, weights: Mapping[int, float]) -> None:
        """Keep the best candidates; `weights` are those of all of them."""
        sums = ((before + weights[chosen], chosen) for chosen, before in self.candidates.items())
        ranked = sorted(sums, key=lambda one: (-one[0], one[1]))
        self._sums = {chosen: total for total, chosen in ranked[: self._width]}
        self._size += 1
        self._propose()

    @property
    def best(self) -> float:
        """The greatest sum that was found."""
        return max(self._sums.values())

    def _propose(self) -> None:
        self.candidates = {}
        if self._size >= self._tokens - 1:
            return
        for chosen, total in self._sums.items():
            for token in range(self._tokens):
                if not chosen >> token & 1:
                    larger = chosen | 1 << token
                    self.candidates[larger] = max(total, self.candidates.get(larger, total))


def _members(chosen: int, tokens: int) -> list[int]:
    return [token for token in range(tokens) if chosen >> token & 1]
