"""What of a run of minimal pairs is looked at, as the address says it: a score, and a method on a model."""

from __future__ import annotations

from collections.abc import Sequence

from bcos_core.minimal_pairs.measures import MEASURES
from bcos_core.minimal_pairs.result import Contender, PairsResult
from bcos_core.render.minimal_pairs import Row
from pages.widgets import url


def measures_of(rows: Sequence[Row]) -> list[str]:
    """The scores that a result has values of."""
    found = {row["measure"] for row in rows if row["n"]}
    return [name for name in MEASURES if name in found]


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
