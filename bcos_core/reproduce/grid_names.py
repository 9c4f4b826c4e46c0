"""The figures that a grid can have: how each is called, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.scores import SCORES
from bcos_core.reproduce.figure import SHARE, Better, Place
from bcos_core.reproduce.grid import ACCURACY, MASK, MEMORY, TIME, Arm, Grid, Group
from bcos_core.tasks.task_type import Metric

POINTS = "points"
"""The unit of a difference of two shares, in hundredths."""


class Places:
    """Where the figures of a group of a grid stand; `prefix` goes before their names."""

    def __init__(self, prefix: str, group: Group) -> None:
        self.prefix, self.group = f"{prefix}/{group.name}", group

    def of_model(self, arm: Arm, what: str, column: str, unit: str, better: Better) -> Place:
        """A figure of a way to train."""
        return Place(f"{self.prefix}/{arm.name}/{what}", f"Models: {self.group.title}", arm.title, column, unit, better)

    def of_method(self, arm: Arm, method: str, what: str, column: str, unit: str, better: Better) -> Place:
        """A figure of a method on the models that were trained in one way."""
        name, row = f"{self.prefix}/{arm.name}/{method}/{what}", f"{METHODS[method].title} · {arm.title}"
        return Place(name, f"Explanations: {self.group.title}", row, column, unit, better)

    def score(self, arm: Arm, method: str, score: str, removal: str = MASK) -> Place:
        entry = SCORES[score]
        better: Better = "higher" if entry.higher_is_better else "lower"
        return self.of_method(arm, method, *_under(score, removal), "", better)

    def difference(self, arm: Arm, method: str, rival: str, score: str, removal: str = MASK) -> Place:
        """Of two methods on the same models."""
        what, column = _under(score, removal)
        name = f"{self.prefix}/{arm.name}/{method}-minus-{rival}/{what}"
        row = f"{METHODS[method].title} − {METHODS[rival].title} · {arm.title}"
        return Place(name, f"Differences: {self.group.title}", row, column)

    def between(self, arm: Arm, method: str, other: Arm, rival: str, score: str) -> Place:
        """Of a method on the models of one arm and another on those of another."""
        name = f"{self.prefix}/{arm.name}/{method}-minus-{other.name}:{rival}/{score}"
        row = f"{METHODS[method].title} · {arm.title} − {METHODS[rival].title} · {other.title}"
        return Place(name, f"Between models: {self.group.title}", row, SCORES[score].title)

    def gap(self, arm: Arm, other: Arm, metric: Metric) -> Place:
        """Of the metrics of two arms."""
        name = f"{self.prefix}/{arm.name}-minus-{other.name}/{ACCURACY}"
        row, unit = f"{arm.title} − {other.title}", POINTS if metric.share else ""
        return Place(name, f"Models: {self.group.title}", row, metric.title, unit)

    def metric(self, arm: Arm, metric: Metric) -> Place:
        better: Better = "higher" if metric.higher_is_better else "lower"
        return self.of_model(arm, ACCURACY, metric.title, SHARE if metric.share else "", better)


def _under(score: str, removal: str) -> tuple[str, str]:
    """A score in the name of a figure, and its column."""
    if removal == MASK:
        return score, SCORES[score].title
    return f"{score}@{removal}", f"{SCORES[score].title}, tokens {REMOVALS[removal].title}"


def grid_names(prefix: str, grid: Grid) -> Iterator[str]:
    """Every figure that a grid can have, by name, without running it: a method may serve some of its models alone."""
    for group in grid.groups:
        places = Places(prefix, group)
        for arm in grid.arms:
            for what in (ACCURACY, TIME, MEMORY):
                yield f"{places.prefix}/{arm.name}/{what}"
            for method in dict.fromkeys((*grid.methods, CHANCE)):
                for what in (*grid.scores, TIME, "passes", MEMORY):
                    yield f"{places.prefix}/{arm.name}/{method}/{what}"
            for removal in grid.every_removal:
                yield from _of_removal(places, grid, arm, removal)
        for arm, other in product(grid.converted, grid.conventional):
            yield f"{places.prefix}/{arm.name}-minus-{other.name}/{ACCURACY}"
            for method, rival in product(bcos_methods(grid), grid.methods):
                yield places.between(arm, method, other, rival, grid.by).name


def bcos_methods(grid: Grid) -> list[str]:
    """Those of the methods that others are set against that need a B-cos model."""
    return [method for method in grid.against if METHODS[method].needs_bcos]


def _of_removal(places: Places, grid: Grid, arm: Arm, removal: str) -> Iterator[str]:
    methods, score = (grid.methods, grid.by)
    if removal != MASK:
        methods, score = (grid.removal_methods or grid.methods, grid.removal_score)
        for method in dict.fromkeys((*methods, CHANCE)):
            yield places.score(arm, method, score, removal).name
    for method in dict.fromkeys((*methods, CHANCE)):
        for rival in grid.against:
            if method != rival:
                yield places.difference(arm, method, rival, score, removal).name
