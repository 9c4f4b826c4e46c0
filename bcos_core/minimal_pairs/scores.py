"""Whether an explanation points at the evidence, and whether the model prefers the right word: one pair at a time.

Scores are signed and ranked descending, for the right word minus the wrong one. What is ranked are tokens or words of
the prefix; `evidence` says of each whether it is (part of) the evidence word. Of several evidence tokens the best one
counts, as in Yin & Neubig (arXiv 2202.10419, §4). Equal scores have no order: every score is its expectation over all
orders of what is tied, exactly, so that a method gains nothing by saying nothing. Where all scores are equal, the
ranking is a random one: its expectation is the baseline of chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bcos_core.errors import NotFiniteError


@dataclass(frozen=True)
class _Ties:
    """Where the best evidence stands: `above` are ranked before it, `tied` have its score, itself among them, and
    `evidence` of these are evidence."""

    above: int
    tied: int
    evidence: int

    def none_in_first(self, places: int) -> float:
        """The probability that none of the first so many of the tied, in random order, is evidence."""
        # Of C(tied, evidence) equally likely sets of places, those that lie wholly behind.
        return math.comb(self.tied - places, self.evidence) / math.comb(self.tied, self.evidence)


def reciprocal_rank(scores: Sequence[float], evidence: Sequence[bool]) -> float:
    """The expectation of 1 / rank of the best evidence; its mean over pairs is the mean reciprocal rank.

    Raises:
        NotFiniteError: a score that is no number.
        ValueError: no evidence, or not one truth value a score.
    """
    ties = _ties(scores, evidence)
    # E[1 / rank] = Σ_j P(the first evidence is the j-th of the tied) / (above + j)
    return math.fsum(
        (ties.none_in_first(place - 1) - ties.none_in_first(place)) / (ties.above + place)
        for place in range(1, ties.tied - ties.evidence + 2)
    )


def in_top(scores: Sequence[float], evidence: Sequence[bool], k: int) -> float:
    """The probability that evidence is among the `k` highest scores: 1 or 0 where none is tied at the border.

    Raises:
        NotFiniteError, ValueError: as in `reciprocal_rank`.
    """
    ties = _ties(scores, evidence)
    return 1.0 - ties.none_in_first(min(max(k - ties.above, 0), ties.tied))


def positive_share(scores: Sequence[float], evidence: Sequence[bool]) -> float | None:
    """The share of all positive scores that lies on the evidence; None where no score is positive.

    Raises:
        NotFiniteError, ValueError: as in `reciprocal_rank`.
    """
    _require(scores, evidence)
    total = math.fsum(score for score in scores if score > 0)
    on_evidence = math.fsum(max(0.0, score) for score, marked in zip(scores, evidence, strict=True) if marked)
    return on_evidence / total if total > 0 else None


def preference(good: float, bad: float) -> float:
    """1 where the logit of the right word is the higher one, 0 where it is the lower, ½ where they are equal.

    Raises:
        NotFiniteError: a logit that is no number.
    """
    if not (math.isfinite(good) and math.isfinite(bad)):
        raise NotFiniteError(f"The logits of the two words are {good} and {bad}; expected finite numbers.")
    return 1.0 if good > bad else 0.0 if good < bad else 0.5


def random_reciprocal_rank(units: int, evidence: int) -> float:
    """What a random ranking of so many tokens or words is expected to reach, of which so many are evidence. One of n:
    (1 + 1/2 + … + 1/n) / n.

    Raises:
        ValueError: not from one to all of them are evidence.
    """
    return reciprocal_rank(*_all_tied(units, evidence))


def random_in_top(units: int, evidence: int, k: int) -> float:
    """As `random_reciprocal_rank`: the probability that one of the first `k` is evidence. One of n: k / n."""
    return in_top(*_all_tied(units, evidence), k)


def random_positive_share(units: int, evidence: int) -> float:
    """As `random_reciprocal_rank`: of scores without an order every one has the same expected share of the positive
    sum, whatever they are drawn from."""
    _, marked = _all_tied(units, evidence)
    return sum(marked) / len(marked)


def _all_tied(units: int, evidence: int) -> tuple[list[float], list[bool]]:
    if not 1 <= evidence <= units:
        raise ValueError(f"{evidence} of {units} units are evidence; expected from one to all of them.")
    return [0.0] * units, [place < evidence for place in range(units)]


def _ties(scores: Sequence[float], evidence: Sequence[bool]) -> _Ties:
    _require(scores, evidence)
    best = max(score for score, marked in zip(scores, evidence, strict=True) if marked)
    tied = [marked for score, marked in zip(scores, evidence, strict=True) if score == best]
    return _Ties(sum(score > best for score in scores), len(tied), sum(tied))


def _require(scores: Sequence[float], evidence: Sequence[bool]) -> None:
    if len(scores) != len(evidence) or not any(evidence):
        raise ValueError(f"{len(scores)} scores with {sum(evidence)} of {len(evidence)} marked as evidence.")
    if not all(map(math.isfinite, scores)):
        raise NotFiniteError("A score that is to be ranked is not a finite number.")
