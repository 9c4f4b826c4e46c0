"""The measures of minimal pairs: of a model, whether it prefers the right word; of an explanation, whether it points at
the evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from bcos_core.minimal_pairs.ranked import Ranked
from bcos_core.minimal_pairs.scores import (
    in_top,
    positive_share,
    random_in_top,
    random_positive_share,
    random_reciprocal_rank,
    reciprocal_rank,
)
from bcos_core.tasks.estimates import Estimate, bootstrap, proportion

TOPS = (1, 3)


@dataclass(frozen=True)
class Measure:
    """What is asked of each explanation, from 0 to 1, higher is better. `of` is that of scores and of which of them are
    evidence, None where it is not defined; `of_chance` what a random ranking of so many units, of which so many are
    evidence, is expected to reach. `proportion`: a pair is found or missed, so that the mean is the share of those
    found."""

    title: str
    description: str
    of: Callable[[Sequence[float], Sequence[bool]], float | None]
    of_chance: Callable[[int, int], float]
    proportion: bool = False

    def estimate(self, values: Sequence[float]) -> Estimate:
        """The mean over pairs with its 95 % interval."""
        if self.proportion and values:
            return proportion(sum(values) / len(values), len(values))
        return bootstrap(values)


def _top(k: int) -> Measure:
    first = "the highest score is" if k == 1 else f"the {k} highest scores have one that is"
    return Measure(
        f"Evidence in the top {k}" if k > 1 else "Evidence first",
        f"Share of pairs in which {first} the evidence's; ties count as far as a random order would find it.",
        partial(in_top, k=k),
        partial(random_in_top, k=k),
        proportion=True,
    )


MEASURES = {
    "mrr": Measure(
        "Reciprocal rank of the evidence",
        "1 / rank of the evidence, its best token where it has several; ties at their expectation. The mean over pairs "
        "is the mean reciprocal rank (MRR).",
        reciprocal_rank,
        random_reciprocal_rank,
    ),
    **{f"top_{k}": _top(k) for k in TOPS},
    "positive_share": Measure(
        "Share of the positive sum",
        "Share of the sum of all positive scores that lies on the evidence; not defined where none is positive.",
        positive_share,
        random_positive_share,
    ),
}


def measure(ranking: Ranked) -> dict[str, float]:
    """Every measure of one explanation that is defined.

    Raises:
        NotFiniteError: a score that is no number.
    """
    found = {name: one.of(ranking.scores, ranking.evidence) for name, one in MEASURES.items()}
    return {name: value for name, value in found.items() if value is not None}


def measure_chance(ranking: Ranked) -> dict[str, float]:
    """What a random ranking of the same tokens or words is expected to reach in every measure, exactly."""
    units, evidence = len(ranking.evidence), sum(ranking.evidence)
    return {name: one.of_chance(units, evidence) for name, one in MEASURES.items()}
