"""How high and how low removal scores can be at all, for one model and one text.

A confident model, or one that hardly looks at single words, has scores of another size than its neighbour, whatever
explains it. Normalized AOPC (Edin et al., ACL 2025, arXiv 2408.08137) puts a score between its limits for that model
and text: over every order in which the tokens can be removed,

    AOPC(order) = 1/n Σ_{i=1..n} p(x) − p(x without the first i tokens of the order)

taken at every single removal, the last one among them, not on a grid of shares. Comprehensiveness is the AOPC of a
ranking, sufficiency that of the ranking reversed, so both lie between the same limits. What is removed one by one are
tokens here (the authors' code takes words), p is what the evaluation looks at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bcos_core.errors import NotFiniteError
from bcos_core.evaluate.answers import Answers
from bcos_core.evaluate.case import Probability
from bcos_core.evaluate.orders import EXACT_UP_TO, Beam, best_sum
from bcos_core.text.encoding import Encoded


@dataclass(frozen=True)
class Limits:
    """Of one text: the `lowest` and the `highest` AOPC of any order, and the highest comprehensiveness − sufficiency,
    `gap`; the lowest is −`gap`, since an order reversed exchanges the two. `exact`: over all orders."""

    lowest: float
    highest: float
    gap: float
    exact: bool

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def find_limits(
    answers: Answers, texts: Sequence[Encoded], targets: Sequence[int], probability: Probability, *, width: int
) -> list[Limits]:
    """The limits of each text, `targets` the class that is explained: exactly up to `EXACT_UP_TO` tokens, else by beam
    search of that width, which finds limits that are at most too narrow. All texts go through together, size by size.

    Raises:
        NotFiniteError: a model's answer is no number.
    """
    searches = [_Search(text, target, probability, width) for text, target in zip(texts, targets, strict=True)]
    while running := [search for search in searches if search.wanted]:
        asked = [(search, chosen) for search in running for chosen in search.wanted]
        found = answers.ask([(search.text, search.positions(chosen)) for search, chosen in asked])
        for (search, chosen), logits in zip(asked, found, strict=True):
            search.learn(chosen, logits)
        for search in running:
            search.go_on()
    return [search.limits() for search in searches]


class _Search:
    """The limits of one text, by the sets of tokens whose removal was tried; `wanted` are those to be tried next."""

    def __init__(self, text: Encoded, target: int, probability: Probability, width: int) -> None:
        self.text, self._target, self._probability = text, target, probability
        self._ordinary = [position for position, token in enumerate(text.tokens) if not token.added]
        self._tokens = len(self._ordinary)
        self._whole = (1 << self._tokens) - 1
        self._p: dict[int, float] = {}
        self.exact = self._tokens <= EXACT_UP_TO
        self._beams = () if self.exact else tuple(Beam(self._tokens, width) for _ in range(3))
        self.wanted = self._missing(range(self._whole + 1) if self.exact else (0, self._whole))

    def positions(self, chosen: int) -> list[int]:
        return [position for bit, position in enumerate(self._ordinary) if chosen >> bit & 1]

    def learn(self, chosen: int, logits: Sequence[float]) -> None:
        p = self._probability(logits, self._target)
        if not math.isfinite(p):
            raise NotFiniteError(f"The model's answer to {self.text.text!r} with tokens removed is no number: {p}.")
        self._p[chosen] = p

    def go_on(self) -> None:
        """Choose among the sets that were tried, and say which to try next."""
        for beam, weight in zip(self._beams, (self._fall, self._rise, self._difference), strict=False):
            while beam.candidates and not self._missing(self._needed(beam)):
                beam.choose({chosen: weight(chosen) for chosen in beam.candidates})
        self.wanted = self._missing({chosen for beam in self._beams for chosen in self._needed(beam)})

    def limits(self) -> Limits:
        if self.exact:
            found = [
                best_sum(self._tokens, {chosen: weight(chosen) for chosen in range(self._whole + 1)})
                for weight in (self._fall, self._rise, self._difference)
            ]
        else:
            found = [beam.best for beam in self._beams]
        fall, rise, difference = found
        last = self._fall(self._whole)  # every order ends with nothing left
        return Limits((last - rise) / self._tokens, (last + fall) / self._tokens, difference / self._tokens, self.exact)

    def _fall(self, chosen: int) -> float:
        return self._p[0] - self._p[chosen]

    def _rise(self, chosen: int) -> float:
        return self._p[chosen] - self._p[0]

    def _difference(self, chosen: int) -> float:
        """What the set brings to comprehensiveness − sufficiency: p of the set alone − p of the text without it."""
        return self._p[self._whole ^ chosen] - self._p[chosen]

    def _needed(self, beam: Beam) -> set[int]:
        """Of the last beam, which looks at differences, also what is left when all but a set is removed."""
        sets = set(beam.candidates)
        return sets | {self._whole ^ chosen for chosen in sets} if beam is self._beams[-1] else sets

    def _missing(self, sets: range | tuple[int, ...] | set[int]) -> list[int]:
        return [chosen for chosen in sets if chosen not in self._p]
