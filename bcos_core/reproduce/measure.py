"""Figures that are measured together: how each is declared, and what measures them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bcos_core.home import Home
from bcos_core.lab.spec import LabSpec
from bcos_core.later import Later
from bcos_core.progress import Reporter
from bcos_core.reproduce.figure import Better, Place
from bcos_core.train.spec import TrainSpec

if TYPE_CHECKING:
    from bcos_core.reproduce.measures.subjects import Subjects


@dataclass(frozen=True)
class Effort:
    """How long is looked: repetitions of what is timed, texts of the timed evaluation, simulated studies, explanations
    in a row, texts beside captum; and the trainings that figures are of."""

    repeats: int
    evaluated: int
    studies: int
    explanations: int
    beside_captum: int
    quickstart: TrainSpec
    lab: LabSpec


@dataclass
class Bench:
    """What measuring has: how long to look, where things lie, whom to tell, and the subjects, which are loaded once."""

    effort: Effort
    home: Home
    work: Path
    job: str
    reporter: Reporter
    loaded: Subjects | None = None

    @property
    def subjects(self) -> Subjects:
        from bcos_core.reproduce.measures.subjects import load_subjects

        self.loaded = self.loaded or load_subjects()
        return self.loaded


@dataclass(frozen=True)
class Measure:
    """Figures under one heading. `run` takes a `Bench` and gives `Found` figures, each at one of the `places`;
    `seconds` is what it takes on the reference machine, once and for each of what the field `times` of `Effort` counts,
    "" for nothing."""

    name: str
    title: str
    places: Mapping[str, Place]
    run: Later
    seconds: tuple[float, float]
    times: str = ""


def measure(
    name: str, title: str, places: Iterable[Place], function: str, seconds: tuple[float, float], times: str = ""
) -> Measure:
    """A measure whose function is named "module.function", below `bcos_core.reproduce.measures`."""
    module, _, attribute = function.partition(".")
    run = Later(f"bcos_core.reproduce.measures.{module}", attribute)
    return Measure(name, title, {one.name: one for one in places}, run, seconds, times)


def under(group: str, column: str = "Figure") -> _Under:
    """Makes the places of one table with one column."""
    return _Under(group, column)


@dataclass(frozen=True)
class _Under:
    group: str
    column: str

    def __call__(self, name: str, row: str, unit: str = "", better: Better = "") -> Place:
        return Place(name, self.group, row, self.column, unit, better)
