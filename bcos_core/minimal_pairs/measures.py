"""The measures of minimal pairs: whether an explanation points at the evidence, and whether what it says of tokens is
what happens without them. Tables read the declaration; they never know a measure by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bcos_core.attribution.registry import is_signed
from bcos_core.minimal_pairs.case import Case
from bcos_core.minimal_pairs.faithfulness import (
    deletion,
    deletion_curve,
    insertion,
    insertion_curve,
    insertion_minus_deletion,
    random_insertion_minus_deletion,
    random_strike_correlation,
    strike_correlation,
)
from bcos_core.minimal_pairs.scores import (
    in_top,
    positive_share,
    random_in_top,
    random_positive_share,
    random_reciprocal_rank,
    reciprocal_rank,
)
from bcos_core.numbers import number, percent
from bcos_core.registry import Registry
from bcos_core.tasks.estimates import Estimate, bootstrap, proportion

TOPS = (1, 3)
STRIKES, COURSE = "strikes", "course"
"""What the model has to be asked for a measure, beside what an explanation asks (the fields of a `Case`)."""


@dataclass(frozen=True)
class Measure:
    """What is asked of each explanation. `of` is None where it is not defined. `of_chance` is what a random ranking of
    the same units is expected to reach; without it, a drawn one is measured as any method is.

    `phrase` is what its mean is called in a sentence. `asks` is what the model has to be asked for it, "strikes" or
    "course"; "" if nothing. `proportion`: a pair is found or missed, so that the mean is the share of those found.
    `share`: from 0 to 1, and written in per cent. `directed`: defined for methods alone whose scores have a direction.
    `across_models`: values of two models compare; heights in logits do not. `settled_by` names methods that measure
    just this, and are right by definition where they remove as the measure does: others are not set against them.
    `curve` gives the heights whose mean it is, at `faithfulness.POINTS` places.
    """

    name: str
    title: str
    description: str
    phrase: str
    of: Callable[[Case], float | None]
    of_chance: Callable[[Case], float | None] | None = None
    asks: str = ""
    higher_is_better: bool = True
    proportion: bool = False
    share: bool = False
    directed: bool = False
    across_models: bool = True
    settled_by: tuple[str, ...] = ()
    curve: Callable[[Case], tuple[float, ...] | None] | None = None

    def estimate(self, values: Sequence[float]) -> Estimate:
        """The mean over pairs with its 95 % interval."""
        if self.proportion and values:
            return proportion(sum(values) / len(values), len(values))
        return bootstrap(values)

    def written(self, value: float, *, signed: bool = False) -> str:
        """A value for a person."""
        return percent(value) if self.share else number(value, signed=signed)


def _of_evidence(score: Callable[[Sequence[float], Sequence[bool]], float | None]) -> Callable[[Case], float | None]:
    return lambda case: None if case.evidence is None else score(case.scores, case.evidence)


def _of_places(expected: Callable[[int, int], float]) -> Callable[[Case], float | None]:
    """What a random ranking of so many units, of which so many are evidence, is expected to reach."""
    return lambda case: None if case.evidence is None else expected(len(case.evidence), sum(case.evidence))


def _top(k: int) -> Measure:
    first = "the highest score is" if k == 1 else f"the {k} highest scores have one that is"
    return Measure(
        f"top_{k}",
        f"Evidence in the top {k}" if k > 1 else "Evidence first",
        f"Share of pairs in which {first} the evidence's; ties count as far as a random order would find it.",
        "share of pairs with the evidence " + (f"in the top {k}" if k > 1 else "first"),
        _of_evidence(partial(in_top, k=k)),
        _of_places(partial(random_in_top, k=k)),
        proportion=True,
        share=True,
    )


MEASURES: Registry[Measure] = Registry("measure of minimal pairs")
for _measure in (
    Measure(
        "mrr",
        "Reciprocal rank of the evidence",
        "1 / rank of the evidence, its best token where it has several; ties at their expectation. The mean over pairs "
        "is the mean reciprocal rank (MRR).",
        "mean reciprocal rank of the evidence",
        _of_evidence(reciprocal_rank),
        _of_places(random_reciprocal_rank),
    ),
    *map(_top, TOPS),
    Measure(
        "positive_share",
        "Share of the positive sum",
        "Share of the sum of all positive scores that lies on the evidence; not defined where none is positive.",
        "share of the positive sum on the evidence",
        _of_evidence(positive_share),
        _of_places(random_positive_share),
        share=True,
    ),
    Measure(
        "strike",
        "Strike correlation",
        "Rank correlation (Spearman, equal values share a rank) of what the scores foresee when each token alone is "
        "struck, and of what really happens to the right word's logit minus the wrong one's. For scores with a "
        "direction. Occlusion strikes tokens itself: of the same pieces, by the same removal, it is right by "
        "definition.",
        "mean rank correlation of foreseen and real changes by strikes",
        strike_correlation,
        random_strike_correlation,
        asks=STRIKES,
        directed=True,
        settled_by=("occlusion",),
    ),
    Measure(
        "deletion",
        "Deletion curve",
        "Mean height of the right word's logit minus the wrong one's while the top tokens go, from the whole prompt to "
        "the last of them. In logits of this model.",
        "mean height of the deletion curve",
        deletion,
        asks=COURSE,
        higher_is_better=False,
        across_models=False,
        curve=deletion_curve,
    ),
    Measure(
        "insertion",
        "Insertion curve",
        "Mean height of the same difference while the top tokens come, from the first of them to the whole prompt. In "
        "logits of this model.",
        "mean height of the insertion curve",
        insertion,
        asks=COURSE,
        across_models=False,
        curve=insertion_curve,
    ),
    Measure(
        "insertion_minus_deletion",
        "Insertion − deletion",
        "Both curves at once: how far the one lies above the other. In logits of this model.",
        "insertion minus deletion",
        insertion_minus_deletion,
        random_insertion_minus_deletion,
        asks=COURSE,
        across_models=False,
    ),
):
    MEASURES.register(_measure.name, _measure)


def asks_for(what: str, measures: Iterable[str]) -> bool:
    """Whether one of the measures needs the model to be asked for this."""
    return any(MEASURES[name].asks == what for name in measures)


def measure(case: Case, measures: Iterable[str], *, method: str) -> dict[str, float]:
    """Those of the measures that are defined, of an explanation by a method.

    Raises:
        NotFiniteError: a score that is no number.
    """
    chosen = [MEASURES[name] for name in measures]
    found = {one.name: one.of(case) for one in chosen if is_signed(method) or not one.directed}
    return {name: value for name, value in found.items() if value is not None}


def measure_chance(case: Case, measures: Iterable[str]) -> dict[str, float]:
    """What a random ranking is expected to reach, exactly; where no expectation is known, what this drawn one does."""
    chosen = [MEASURES[name] for name in measures]
    found = {one.name: (one.of if one.of_chance is None else one.of_chance)(case) for one in chosen}
    return {name: value for name, value in found.items() if value is not None}
