"""What of a run of minimal pairs is looked at, as the address says it: a score, and a method on a model."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import Contender, PairsResult
from pages.widgets import url


def measures_of(result: PairsResult, source: str) -> list[str]:
    """The scores that a result has values of, for pairs of one source."""
    pairs = pairs_of(result, source)
    return [
        name for name in MEASURES if any(not pairs.isdisjoint(one.values.get(name, {})) for one in result.contenders)
    ]


def pairs_of(result: PairsResult, source: str) -> frozenset[str]:
    """The names of the pairs of one source."""
    return dict(result.portions())[source]


def chosen_measure(measures: Sequence[str]) -> str:
    """The first where the address names none."""
    given = url.read("measure")
    return given if given in measures else measures[0]


def chosen_contender(result: PairsResult) -> Contender:
    """What the others differ from, and whose values stand beside the pairs: the first model's own sum where the address
    names none, where that was not measured the first method."""
    given = url.read("against")
    found = {one.id: one for one in result.contenders}
    first = result.speakers[0]
    own = f"{first.own}@{first.checkpoint}"
    methods = [one.id for one in result.contenders if one is not result.chance_of(one)]
    return found[next(id for id in (given, own, *methods, *found) if id in found)]
