"""What a planted-truth experiment has shown, as it is kept and read again."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from msgspec import Meta

from bcos_core.attribution.registry import METHODS
from bcos_core.lab.measures import MEASURES
from bcos_core.lab.plants import PLANTS
from bcos_core.tasks.estimates import Estimate, proportion

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=0)]


@dataclass(frozen=True)
class Verification:
    """Whether a model uses the plant: the share of planted test texts whose answer `follows` the plant, and that of
    those whose answer also `flips` when the plant is exchanged for that of the other class."""

    checkpoint: str
    kind: Literal["bcos", "conventional"]
    follows: Share
    flips: Share
    texts: Count

    @property
    def flipped(self) -> Estimate:
        """The share that flips, with its 95 % interval."""
        return proportion(self.flips, self.texts)


@dataclass(frozen=True)
class LabRow:
    """One measure of one method on one model: the mean with its 95 % interval over the `n` texts that the model decides
    by the plant; None where there is no such text and, for the interval, where there is nothing to take one from.
    `failed` is the number of texts for which the method gave no numbers."""

    checkpoint: str
    method: str
    measure: str
    mean: float | None
    low: float | None
    high: float | None
    n: Count
    failed: Count

    @property
    def estimate(self) -> Estimate:
        """The mean with its interval as it is defined now: that of a share follows from what is kept, whatever interval
        was kept with it."""
        if self.mean is None:
            return Estimate(math.nan, math.nan, math.nan, self.n)
        if MEASURES[self.measure].proportion:
            return proportion(self.mean, self.n)
        if self.low is None or self.high is None or self.low == self.high:
            return Estimate(self.mean, math.nan, math.nan, self.n)
        return Estimate(self.mean, self.low, self.high, self.n)


@dataclass(frozen=True)
class LabExample:
    """A planted text that a model decides by the plant: the class that it was planted for, and the (start, end)
    character spans of the words that decide it. `heat` has, by method, (start, end, score) of each token of the text
    that the model read; for the first few texts of a model, and of experiments since it is kept."""

    checkpoint: str
    text: str
    label: Count
    truth: tuple[tuple[Count, Count], ...]
    heat: dict[str, tuple[tuple[Count, Count, float], ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class LabResult:
    """The whole experiment; `training` is the result of its training (see `TrainResult`)."""

    plant: str
    words: tuple[str, ...]
    training: dict[str, Any]
    verification: Annotated[tuple[Verification, ...], Meta(min_length=2, max_length=2)]
    rows: tuple[LabRow, ...]
    examples: tuple[LabExample, ...]
    seconds: float

    def __post_init__(self) -> None:
        models = [model.checkpoint for model in self.verification]
        for what, names, known in (
            ("shortcut", [self.plant], PLANTS),
            ("method", [row.method for row in self.rows], METHODS),
            ("measure", [row.measure for row in self.rows], MEASURES),
            ("model", [row.checkpoint for row in self.rows], models),
        ):
            if unknown := next((name for name in names if name not in known), None):
                raise ValueError(f"it has the {what} {unknown!r}, which is none of {', '.join(known)}")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
