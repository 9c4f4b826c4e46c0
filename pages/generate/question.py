"""What is asked about a written token, of which models and by which methods: a grid, as on Compare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bcos_core.attribution.method import Method
from bcos_core.attribution.own import own_method
from bcos_core.attribution.record import Attribution
from bcos_core.errors import InputError
from bcos_core.model.generate import Written
from bcos_core.model.language_model import LanguageModel
from bcos_core.text.vocabulary import token_name
from pages.widgets.language_models import explained


@dataclass(frozen=True)
class Cell:
    """A panel: a method on a model, its own sum where `method` is None."""

    model: LanguageModel
    method: Method | None = None

    @property
    def shown(self) -> Method:
        """The method that answers."""
        return self.method or own_method(self.model)

    @property
    def key(self) -> str:
        return f"{self.model.name}-{self.method.name if self.method else 'own'}"


@dataclass(frozen=True)
class Question:
    """The token that the first of the `models` has written, number `at` of what came after `prompt_tokens` tokens; and
    the foil, if any: a token's number, or a word. `methods` are asked beside each model's own sum, with `options`."""

    models: tuple[LanguageModel, ...]
    step: Written
    at: int
    prompt_tokens: int
    foil: int | str | None
    methods: tuple[Method, ...] = ()
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def rows(self) -> Iterator[tuple[Cell, ...]]:
        """A row for each method, a cell for each model: the own sums first, then what costs least."""
        length = len(self.step.prefix)
        cheapest = sorted(self.methods, key=lambda method: method.cost.forward_equivalents(length))
        for method in (None, *cheapest):
            yield tuple(Cell(model, method) for model in self.models)

    def record(self, cell: Cell) -> Attribution:
        """The answer to the question, from the cache where it was asked before.

        Raises:
            InputError: a foil that is the word itself, or begins with it; a method that the model does not support; a
                model that reads other tokens than the one that wrote.
        """
        self._require_same_tokens(cell.model)
        method = cell.method
        return explained(
            cell.model,
            self.step.prefix,
            target=self.step.token,
            minus=self.foil,
            method=None if method is None else method.name,
            options={} if method is None else self.options.get(method.name, {}),
        )

    def _require_same_tokens(self, model: LanguageModel) -> None:
        """Another model is asked about the tokens that are there: they must mean the same to it."""
        writer = self.models[0]
        ids = (*self.step.prefix.ids, self.step.token)
        if model is not writer and (
            [token_name(model.tokenizer, one) for one in ids] != [token_name(writer.tokenizer, one) for one in ids]
            or len(ids) - 1 > model.max_length
        ):
            raise InputError(
                f"{model.name} calls these tokens by other names than {writer.name}, or reads fewer. Choose one with "
                "the same tokenizer, such as one that was converted from it."
            )
