"""The patterns of two models' heatmaps beside each other, with intervals over texts; and how far heatmaps agree."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Annotated, Any

from msgspec import Meta

from bcos_core.attribution.aggregation import SpanScore
from bcos_core.attribution.agreement import rank_agreement, shared_pieces
from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.patterns import PATTERNS, Heat, Measure
from bcos_core.evaluate.statistics import holm, sign_flip_p
from bcos_core.tasks.estimates import bootstrap
from bcos_core.tasks.registry import TASK_TYPES
from bcos_core.text.token import Token
from bcos_core.text.units import word_units

Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True)
class Explained:
    """One text as a model explains it: the `target` class number, and the `scores` of its tokens."""

    text: str
    tokens: tuple[Token, ...]
    scores: tuple[float, ...]
    target: int

    @property
    def words(self) -> tuple[SpanScore, ...]:
        """The words that were read, each with the sum of its tokens' scores."""
        return tuple(
            SpanScore(
                self.text[unit.start : unit.end],
                unit.start,
                unit.end,
                math.fsum(self.scores[position] for position in unit.positions),
                bool(unit.positions),
            )
            for unit in word_units(self.text, self.tokens)
        )


@dataclass(frozen=True)
class Figure:
    """A mean over `n` texts and its 95 % interval; none of one text, or where all give the same."""

    mean: float
    low: float | None
    high: float | None
    n: Count

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure | None:
        """None of no values."""
        if not values:
            return None
        one = bootstrap(values)
        low, high = (one.low, one.high) if one.has_interval else (None, None)
        return cls(one.mean, low, high, one.n)


@dataclass(frozen=True)
class PatternRow:
    """A pattern: the figure of each model, what it would be if every token had the same score, and the first model
    minus the second, paired on the texts of both, with p of a sign-flip test and p after Holm's correction."""

    pattern: str
    figures: tuple[Figure | None, ...]
    alike: tuple[float | None, ...]
    difference: Figure | None = None
    p: float | None = None
    p_holm: float | None = None


@dataclass(frozen=True)
class Agreement:
    """Kendall's τ-b of the words' scores, mean over texts of which both explain the same output: between the first and
    the second model, or, where `seeds_of` names the folder of one, between so many `models` of its recipe under
    several seeds."""

    seeds_of: str
    figure: Figure | None
    models: Count


@dataclass(frozen=True)
class ExplainedModel:
    """A model, how it was explained, and how many texts its method failed on."""

    checkpoint: str
    kind: str
    method: str
    reference: str | None
    failed: Count


@dataclass(frozen=True)
class Patterns:
    """What came out of `texts` test texts of a `task` of a type (a name in `TASK_TYPES`); words were counted in
    `counted` training texts."""

    models: Annotated[tuple[ExplainedModel, ...], Meta(min_length=1, max_length=2)]
    rows: tuple[PatternRow, ...]
    agreements: tuple[Agreement, ...]
    task: str
    task_type: str
    texts: Count
    counted: Count

    def __post_init__(self) -> None:
        if self.task_type not in TASK_TYPES:
            raise ValueError(f"the task type {self.task_type!r} is none of {', '.join(TASK_TYPES)}")
        for model in self.models:
            if model.method not in METHODS:
                raise ValueError(f"it has the method {model.method!r}, which is none of {', '.join(METHODS)}")
        for row in self.rows:
            if row.pattern not in PATTERNS:
                raise ValueError(f"it has the pattern {row.pattern!r}, which is none of {', '.join(PATTERNS)}")
            if not len(row.figures) == len(row.alike) == len(self.models):
                raise ValueError(f"{row.pattern} has {len(row.figures)} figures of {len(self.models)} models")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def pattern_rows(models: Sequence[Mapping[str, Heat]]) -> list[PatternRow]:
    """Of the heatmaps of one or two models, by text. A pattern that no text of any has is left out."""
    rows: list[PatternRow] = []
    for pattern in PATTERNS.values():
        values = [_values(pattern.measure, heats) for heats in models]
        if not any(values):
            continue
        flat = [{} if pattern.of_signs else _values(pattern.measure, _alike(heats)) for heats in models]
        gaps = _gaps(*values) if len(values) == 2 else []
        rows.append(
            PatternRow(
                pattern.name,
                tuple(Figure.of(list(found.values())) for found in values),
                tuple(sum(one.values()) / len(one) if one else None for one in flat),
                Figure.of(gaps),
                sign_flip_p(gaps) if gaps else None,
            )
        )
    corrected = holm([math.nan if row.p is None else row.p for row in rows])
    return [
        PatternRow(row.pattern, row.figures, row.alike, row.difference, row.p, None if math.isnan(p) else p)
        for row, p in zip(rows, corrected, strict=True)
    ]


def agreement(models: Sequence[Mapping[str, Explained]]) -> Figure | None:
    """Kendall's τ-b between every two of several models: of each text the mean over those pairs that explain the same
    output and rank its words; the mean over texts, with its interval over these."""
    means = []
    for item in models[0]:
        found = []
        for one, other in combinations([heats[item] for heats in models if item in heats], 2):
            if one.target == other.target:
                tau = rank_agreement(*shared_pieces([one.words, other.words]))
                if not math.isnan(tau):
                    found.append(tau)
        if found:
            means.append(sum(found) / len(found))
    return Figure.of(means)


def _values(measure: Measure, heats: Mapping[str, Heat]) -> dict[str, float]:
    found = {item: measure(one) for item, one in heats.items()}
    return {item: value for item, value in found.items() if value is not None}


def _alike(heats: Mapping[str, Heat]) -> dict[str, Heat]:
    return {item: one.alike for item, one in heats.items()}


def _gaps(first: Mapping[str, float], second: Mapping[str, float]) -> list[float]:
    return [first[item] - second[item] for item in first if item in second]
