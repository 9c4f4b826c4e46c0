"""How the methods of one model stand in every score: ranks, what is better than random, and what is better than ours.

Ranks are of one model alone: scores of different models do not compare, since a model's own confidence bounds them
(arXiv 2408.08137).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.result import Contender, Evaluation
from bcos_core.evaluate.scores import SCORES

CHEAP = 2.0
"""Passes over the model for one text, forward and backward, up to which a method is cheap: what a heatmap of B-cos
contributions takes."""
_TIED = 1e-9  # relative: sums in another order are the same mean


@dataclass(frozen=True)
class Cell:
    """One method in one score: the evaluation's row, and its `rank` by the mean among the `of` methods with a value, 1
    for the best; methods with the same mean share the better rank, and the next one's is after all of them. Without a
    value it has none."""

    row: Mapping[str, Any]
    rank: int | None
    of: int

    @property
    def strength(self) -> float:
        """From 0 for the last to 1 for the first."""
        return 0.0 if self.rank is None else 1.0 if self.of == 1 else (self.of - self.rank) / (self.of - 1)


@dataclass(frozen=True)
class Standing:
    """All methods of one model in all scores.

    `methods` stand by their mean rank, the best first. `cheap` is the strongest of the cheap methods that are neither
    ours nor random, by the same; None where none was measured. `better[(a, b)]` are the scores in which a is better
    than b on the same texts, as `Evaluation.is_better` finds, for b ours, and for a ours and b cheap or random.
    """

    checkpoint: str
    methods: tuple[str, ...]
    scores: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    better: Mapping[tuple[str, str], tuple[str, ...]]

    @property
    def ours(self) -> tuple[str, ...]:
        """Methods that only a B-cos model has."""
        return tuple(name for name in self.methods if METHODS[name].needs_bcos)

    @property
    def rivals(self) -> tuple[str, ...]:
        """All but ours, those that are the same as ours on this model, and chance."""
        ours, rest = self.ours, (METHODS[name] for name in self.methods if not METHODS[name].chance)
        return tuple(method.name for method in rest if method.name not in ours and method.on_bcos not in ours)

    @cached_property
    def cheap(self) -> str | None:
        return next((name for name in self.rivals if self.passes(name) <= CHEAP), None)

    @property
    def texts(self) -> int:
        """The most that a score has a value of."""
        return max(cell.row["n"] for cell in self.cells.values())

    def passes(self, method: str) -> float:
        """Over the model for one text, forward and backward, as they were counted."""
        row = self.cells[method, self.scores[0]].row
        return float(row["forward_passes"] + row["backward_passes"])


def standings(evaluation: Evaluation, rows: Sequence[Mapping[str, Any]]) -> tuple[Standing, ...]:
    """One for each model, in the evaluation's order; `rows` are the evaluation's (`Evaluation.rows`)."""
    checkpoints = dict.fromkeys(one.checkpoint for one in evaluation.contenders)
    return tuple(_standing(evaluation, [row for row in rows if row["checkpoint"] == name]) for name in checkpoints)


def ranks(values: Sequence[float], *, higher_is_better: bool) -> list[int | None]:
    """The rank of each value, 1 for the best; equal values share the better one ("1, 2, 2, 4"). NaN has none."""
    sign = 1 if higher_is_better else -1

    def is_better(one: float, other: float) -> bool:
        return sign * (one - other) > _TIED * max(abs(one), abs(other))

    return [None if math.isnan(value) else 1 + sum(is_better(other, value) for other in values) for value in values]


def _standing(evaluation: Evaluation, rows: Sequence[Mapping[str, Any]]) -> Standing:
    cells: dict[tuple[str, str], Cell] = {}
    for score in evaluation.scores:
        of_score = [row for row in rows if row["score"] == score]
        found = ranks([row["mean"] for row in of_score], higher_is_better=SCORES[score].higher_is_better)
        of = sum(rank is not None for rank in found)
        cells |= {(row["method"], score): Cell(row, rank, of) for row, rank in zip(of_score, found, strict=True)}
    methods = list(dict.fromkeys(method for method, _ in cells))

    def mean_rank(method: str) -> float:
        """Among as many as there are methods; without a value it is the last."""
        places = [cells[method, score].rank or len(methods) for score in evaluation.scores]
        return sum(places) / len(places)

    ordered = tuple(sorted(methods, key=mean_rank))
    standing = Standing(rows[0]["checkpoint"], ordered, evaluation.scores, cells, {})
    contenders = {one.method: one for one in evaluation.contenders if one.checkpoint == standing.checkpoint}
    asked = [(rival, ours) for ours in standing.ours for rival in standing.rivals]
    others = [standing.cheap, *(name for name in ordered if METHODS[name].chance)]
    asked += [(ours, other) for ours in standing.ours for other in others if other is not None]
    better = {(one, other): _better(evaluation, contenders[one], contenders[other]) for one, other in asked}
    return Standing(standing.checkpoint, ordered, evaluation.scores, cells, better)


def _better(evaluation: Evaluation, one: Contender, other: Contender) -> tuple[str, ...]:
    return tuple(score for score in evaluation.scores if evaluation.is_better(one, other, score))
