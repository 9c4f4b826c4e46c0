"""Scores of an explanation against what people name, and of people against each other: the line that a method can
hardly pass.

Where several people named something, what counts as named is what at least half of them name (in HateXplain, arXiv
2012.10289, and in the toxic spans of SemEval 2021, two of three).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from bcos_core.evaluate.case import Case, Named
from bcos_core.evaluate.plausibility import auprc, span_f1, token_f1, token_iou

RATIONALE = "rationale"
"""The evidence that people named in the texts themselves."""


def plausibility_auprc(case: Case, *, people: str) -> float | None:
    """`people` is the evidence that says what people name: "ratings" or "rationale"."""
    named = _named(case, people)
    return auprc(_ordinary_scores(case), named) if named else None


def plausibility_f1(case: Case, *, people: str) -> float | None:
    named = _named(case, people)
    return token_f1(_ordinary_scores(case), named, _rationale_size(case, people)) if named else None


def plausibility_iou(case: Case, *, people: str) -> float | None:
    named = _named(case, people)
    return token_iou(_ordinary_scores(case), named, _rationale_size(case, people)) if named else None


def plausibility_span_f1(case: Case, *, people: str) -> float | None:
    named = _named(case, people)
    return span_f1(_ordinary_scores(case), named, _rationale_size(case, people)) if named else None


def plausibility_tau(case: Case, *, people: str) -> float | None:
    """Kendall's τ-b of the scores with the share of the people who name each token: with several people, how strongly
    a token is named counts too. Not defined where either ranks nothing."""
    from scipy.stats import kendalltau

    if people not in case.named:
        return None
    marked = case.named[people].people
    shares = [sum(place in one for one in marked) for place in case.ordinary]
    tau = float(kendalltau(_ordinary_scores(case), shares).statistic)
    return None if math.isnan(tau) else tau


def agreed(people: Sequence[frozenset[int]]) -> frozenset[int]:
    """The tokens that at least half of the people name."""
    return frozenset(
        place for place in frozenset().union(*people) if 2 * sum(place in one for one in people) >= len(people)
    )


def among_themselves(case: Case, compute: Callable[[Case], float | None]) -> float | None:
    """The score of each person against the others, in place of a method: what the person names has a score of 1, all
    else 0, and the size of a rationale is the person's own. The mean over the people of the text.

    None where fewer than two people name something: who names nothing ranks nothing.
    """
    named = case.named.get(RATIONALE)
    if named is None or len(named.people) < 2:
        return None
    found: list[float] = []
    for place, one in enumerate(named.people):
        others = (*named.people[:place], *named.people[place + 1 :])
        if not one or not any(others):
            continue
        scores = tuple(float(position in one) for position in range(len(case.scores)))
        seen = Named(agreed(others), len(one) / len(case.ordinary), others)
        value = compute(replace(case, scores=scores, named={RATIONALE: seen}))
        if value is not None:
            found.append(value)
    return sum(found) / len(found) if found else None


def _ordinary_scores(case: Case) -> list[float]:
    return [case.scores[position] for position in case.ordinary]


def _named(case: Case, people: str) -> list[bool]:
    """Which ordinary tokens people name; nothing where they name none or all: there is nothing to find."""
    if people not in case.named:
        return []
    named = [position in case.named[people].positions for position in case.ordinary]
    return named if any(named) and not all(named) else []


def _rationale_size(case: Case, people: str) -> int:
    """As many tokens as people name on average in a text of this length (DeYoung et al., arXiv 1911.03429 §4.1)."""
    return max(1, round(case.named[people].share * len(case.ordinary)))
