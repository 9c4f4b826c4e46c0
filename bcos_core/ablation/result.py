"""What an ablation has shown: the figures of every model, means over seeds and texts, differences to the default."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from bcos_core.ablation.crossed import Crossed, crossed
from bcos_core.ablation.grid import Value
from bcos_core.ablation.measures import ANSWERS, SECONDS, Measure, measures_of
from bcos_core.ablation.spec import SCORES
from bcos_core.errors import InputError
from bcos_core.evaluate.statistics import holm
from bcos_core.storage.places import here
from bcos_core.storage.stored_json import from_plain, read_json
from bcos_core.tasks.estimates import CONFIDENCE
from bcos_core.tasks.registry import TASK_TYPES

RESULT_FILE = "ablation.json"
LARGEST_RESULT = 256 << 20
"""Bytes: every value of every text."""
_ADVICE = "Run it again: what was trained and measured is kept."

Values = Mapping[str, Mapping[str, float]]
"""Measure → text → value."""
Side = Literal["validation", "test"]


@dataclass(frozen=True)
class Model:
    """One training: its seed, its folder, what it took, and its figures on the validation side; those on the test side
    of the default, of what was chosen, and of the twin alone."""

    seed: int
    checkpoint: str
    seconds: Annotated[float, Meta(ge=0.0)]
    validation: Values
    test: Values = field(default_factory=dict)

    def values(self, measure: str, side: Side) -> Mapping[str, float]:
        """By text; of the time, which the model took before either side was looked at, one on the validation side."""
        if measure == SECONDS:
            return {"": self.seconds} if side == "validation" else {}
        return (self.validation if side == "validation" else self.test).get(measure, {})


@dataclass(frozen=True)
class RowResult:
    """The models of one recipe, a seed each. `changes` are the options in which it differs from the default;
    `objective` is what its training asked for, in words: a score that was asked for is no test of it."""

    name: str
    changes: Mapping[str, Value]
    kind: Literal["bcos", "conventional"]
    objective: str
    models: Annotated[tuple[Model, ...], Meta(min_length=1)]

    def table(self, measure: str, side: Side = "validation") -> NDArray[np.float64]:
        """(seeds, texts), of the texts that have a value with every seed."""
        return _table([model.values(measure, side) for model in self.models])

    def mean(self, measure: str, side: Side = "validation") -> Crossed:
        return crossed(self.table(measure, side))


@dataclass(frozen=True)
class Difference:
    """One recipe minus the default, paired by seed and text; `p` is corrected over the recipes (Holm)."""

    row: str
    measure: Measure
    found: Crossed
    p: float

    @property
    def shown(self) -> bool:
        """Whether a difference can be seen: its interval excludes 0, and so does the corrected test."""
        return self.p < 1 - CONFIDENCE  # false for NaN

    @property
    def better(self) -> bool:
        return self.found.mean != 0 and (self.found.mean > 0) == self.measure.higher_is_better


@dataclass(frozen=True)
class Ablation:
    """`rows` are the recipes, the default first, the twin last; `chosen` is the place of the one that the rule of
    `choose` takes; `notes` are what a reader must know."""

    task: str
    task_type: str
    model: str
    spec: Mapping[str, Any]
    rows: Annotated[tuple[RowResult, ...], Meta(min_length=2)]
    chosen: Annotated[int, Meta(ge=0)]
    protocol: str
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    seconds: float

    def __post_init__(self) -> None:
        if self.task_type not in TASK_TYPES:
            raise ValueError(f"its task is of the type {self.task_type!r}, which is none of {', '.join(TASK_TYPES)}")
        if self.chosen >= len(self.rows):
            raise ValueError(f"it has chosen recipe {self.chosen} of {len(self.rows)}")

    @property
    def default(self) -> RowResult:
        return self.rows[0]

    @property
    def recipes(self) -> tuple[RowResult, ...]:
        """Those of B-cos models."""
        return tuple(row for row in self.rows if row.kind == "bcos")

    @property
    def seeds(self) -> int:
        return len(self.default.models)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those that the models of the default have figures of."""
        return tuple(one for one in measures_of(TASK_TYPES[self.task_type]) if self.default.table(one.name).size)

    def differences(self, measure: Measure, side: Side = "validation") -> list[Difference]:
        """Of every other recipe that has figures of a measure there, twin included."""
        rows = [row for row in self.rows[1:] if row.table(measure.name, side).size]
        found = [crossed(paired(row, self.default, measure.name, side)) for row in rows]
        corrected = holm([one.p for one in found])
        return [Difference(row.name, measure, one, p) for row, one, p in zip(rows, found, corrected, strict=True)]

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def choose(rows: Sequence[RowResult], measures: Sequence[Measure]) -> int:
    """The place of the recipe that validation figures choose among B-cos models, the default first among `rows`.

    Of those whose answers are not shown to be worse than the default's, the one with the highest mean of the first of
    the scores that there are (`SCORES`). Fixed before any figure was looked at; it says nothing about whether the
    difference to the default can be seen.
    """
    answers = next(one for one in measures if one.name == ANSWERS)
    score = next((one for one in measures if one.name in SCORES), None)
    if score is None:
        return 0
    others = [place for place, row in enumerate(rows) if place and row.kind == "bcos"]
    gaps = [crossed(paired(rows[place], rows[0], answers.name)) for place in others]
    worse = {
        place
        for place, gap, p in zip(others, gaps, holm([gap.p for gap in gaps]), strict=True)
        if p < 1 - CONFIDENCE and (gap.mean > 0) != answers.higher_is_better
    }
    sign = 1.0 if score.higher_is_better else -1.0

    def standing(place: int) -> float:
        mean = rows[place].mean(score.name).mean
        return -math.inf if math.isnan(mean) else sign * mean

    return max((place for place in (0, *others) if place not in worse), key=standing)


def paired(row: RowResult, other: RowResult, measure: str, side: Side = "validation") -> NDArray[np.float64]:
    """One recipe minus another, (seeds, texts), of the seeds and texts that both have."""
    theirs = {model.seed: model for model in other.models}
    return _table(
        [
            {text: value - before[text] for text, value in now.items() if text in before}
            for model in row.models
            if model.seed in theirs
            for now, before in [(model.values(measure, side), theirs[model.seed].values(measure, side))]
        ]
    )


def _table(found: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """(seeds, texts), of the texts that all have."""
    texts = [text for text in (found[0] if found else {}) if all(text in values for values in found)]
    return np.array([[values[text] for text in texts] for values in found], dtype=float).reshape(len(found), len(texts))


def load_ablation(path: Path) -> Ablation:
    """The ablation in a folder.

    Raises:
        InputError: there is none that can be read.
    """
    stored = here(
        read_json(path / RESULT_FILE, dict[str, Any], error=InputError, advice=_ADVICE, largest=LARGEST_RESULT)
    )
    return from_plain(stored, Ablation, error=InputError, what="This ablation", advice=_ADVICE)
