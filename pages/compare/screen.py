"""Everything that a Compare screen shows, read from the address: one question put to models by methods."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bcos_core.attribution.method import Method
from bcos_core.attribution.record import Attribution
from bcos_core.attribution.references import REFERENCE_TOKENS, REFERENCES, same_reference, tokens_of
from bcos_core.attribution.registry import METHODS
from bcos_core.model.info import CheckpointInfo
from bcos_core.render.drawing import Style
from bcos_core.render.pieces import unit_scores
from bcos_core.render.scale import Scale, common_scale, own_scale, unshared_scale
from pages.widgets.resources import classifier, record

WIDEST = 3  # columns in which a text can still be read


@dataclass(frozen=True)
class Cell:
    """One panel: a method on a model."""

    model: CheckpointInfo
    method: Method

    @property
    def key(self) -> str:
        return f"{self.model.path.name}-{self.method.name}"

    @property
    def possible(self) -> bool:
        return not self.method.unsupported(
            is_bcos=self.model.kind == "bcos", family=self.model.family, answers=self.model.task_type
        )


@dataclass(frozen=True)
class Band:
    """Models that stand side by side, a column each, and the rows of their panels, one per method."""

    models: tuple[CheckpointInfo, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Screen:
    """One text and one question, the same for every panel; how they are drawn; which panels there are.

    The question is the logit of the class `target`, or that minus the one of `minus`.
    `reference` is used by the methods that can ask the same; stochastic methods answer with `seeds` seeds;
    `options` are those of methods that are not at their default. With `shared_scale`, additive methods share one scale.
    """

    text: str
    target: str
    minus: str | None
    reference: str
    style: Style
    shared_scale: bool
    bands: tuple[Band, ...]
    seeds: int = 1
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def cells(self) -> tuple[Cell, ...]:
        return tuple(cell for band in self.bands for row in band.rows for cell in row if cell.possible)

    def record(self, cell: Cell) -> Attribution:
        """The cell's attribution, from the cache where it was computed before."""
        return record(cell.model, self.text, **self.asked(cell))

    def asked(self, cell: Cell) -> dict[str, Any]:
        """What the cell's method is asked about the text."""
        return {
            "method": cell.method.name,
            "target": self.target,
            "minus": self.minus,
            "reference": cell.method.fitting_reference(self.reference),
            "repeats": self._repeats(cell),
            "options": self.options.get(cell.method.name, {}),
        }

    def cheapest_first(self) -> tuple[Cell, ...]:
        """The panels by what they take: a reader sees the first of them at once, the slow ones wait for no other."""
        tokens = len(self.text.split())
        return tuple(
            sorted(self.cells, key=lambda cell: self._repeats(cell) * cell.method.cost.forward_equivalents(tokens))
        )

    def cost(self, cell: Cell) -> str:
        """The passes that the cell's panel takes, in words."""
        repeats = self._repeats(cell)
        return str(cell.method.cost) if repeats == 1 else f"{repeats} × {cell.method.cost}"

    def _repeats(self, cell: Cell) -> int:
        return self.seeds if cell.method.stochastic else 1

    def missing_class(self, model: CheckpointInfo) -> str | None:
        """A class of the question that the model does not have."""
        return next((name for name in (self.target, self.minus) if name and name not in model.labels), None)

    def cells_of(self, model: CheckpointInfo) -> tuple[Cell, ...]:
        """The panels of a model that can answer the question, the cheapest first."""
        return tuple(
            cell for cell in self.cheapest_first() if cell.model == model and self.missing_class(model) is None
        )

    @property
    def shared_classes(self) -> list[str]:
        """The classes that all models on the screen have, in the order of the first one."""
        return [name for name in self.models[0].labels if all(name in model.labels for model in self.models)]

    @property
    def models(self) -> tuple[CheckpointInfo, ...]:
        return tuple(model for band in self.bands for model in band.models)

    def questions(self) -> dict[str, list[str]]:
        """What tokens are compared with, in words, and the methods that do so: more than one means that the panels
        answer different questions. Methods that compare with nothing by name fit all."""
        found: dict[str, list[str]] = {}
        for method in dict.fromkeys(cell.method.name for cell in self.cells):
            chosen = METHODS[method].checked_reference(METHODS[method].fitting_reference(self.reference))
            if chosen is not None:
                words = next((known for known in found if same_reference(_named(known), chosen)), REFERENCES[chosen])
                found.setdefault(words, []).append(METHODS[method].title)
        return found

    def warnings(self) -> list[str]:
        """What a reader must know before comparing the panels, and what to do about it: nothing where all answer the
        same question."""
        differences = self.differences()
        if not differences:
            return []
        shared = self.shared_references()
        way_on = (
            f"Under Display, one reference fits all: {' or '.join(REFERENCES[name] for name in shared)}."
            if shared
            else "No reference fits all of them: choose fewer methods."
        )
        return [f"{difference} {way_on}" for difference in differences]

    def differences(self) -> list[str]:
        """The same without the way on, for who has no controls before them."""
        questions = self.questions()
        if len(questions) < 2:
            return []
        parts = [
            f"{', '.join(methods)} {'compares' if len(methods) == 1 else 'compare'} with {words}"
            for words, methods in questions.items()
        ]
        return [f"These heatmaps answer different questions: {'; '.join(parts)}."]

    def shared_references(self) -> list[str]:
        """The references that every method on the screen offers, of those that every model's tokenizer has."""
        offered = [cell.method.references for cell in self.cells if cell.method.references]
        had = [tokens_of(classifier(model).tokenizer) for model in self.models]
        shared: list[str] = []
        for name in REFERENCES:
            everywhere = name not in REFERENCE_TOKENS or all(name in tokens for tokens in had)
            fits = all(any(same_reference(one, name) for one in references) for references in offered)
            if everywhere and fits and not any(same_reference(one, name) for one in shared):
                shared.append(name)
        return shared

    def scale(self, cell: Cell) -> Scale:
        """What full colour means in the cell's panel. Panels that failed have no part in it."""
        scores = self._finite_scores(cell)
        if not self.shared_scale:
            return own_scale(scores)
        if not cell.method.additive:
            return unshared_scale(scores)
        return common_scale(
            self._finite_scores(other)
            for other in self.cells
            if other.method.additive and not self.missing_class(other.model)
        )

    def _finite_scores(self, cell: Cell) -> tuple[float, ...]:
        record = self.record(cell)
        return () if record.failed else unit_scores(record, self.style.granularity)


def _named(words: str) -> str:
    return next(name for name, known in REFERENCES.items() if known == words)


def arrange(models: list[CheckpointInfo], methods: list[Method]) -> tuple[Band, ...]:
    """A column per model and a row per method; more than `WIDEST` models go on in a further band below."""
    parts = (tuple(models[start : start + WIDEST]) for start in range(0, len(models), WIDEST))
    return tuple(
        Band(part, tuple(tuple(Cell(model, method) for model in part) for method in methods)) for part in parts
    )
