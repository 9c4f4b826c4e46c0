"""What a method declares of itself; pages and scores read that, and never know a method by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bcos_core.attribution.references import REFERENCE_TOKENS, same_reference
from bcos_core.errors import UnknownNameError
from bcos_core.families import FAMILIES, Family
from bcos_core.later import Later
from bcos_core.option import Option
from bcos_core.tasks.registry import USUAL, answer_type

if TYPE_CHECKING:
    from bcos_core.attribution.interface import MethodInput, MethodOutput


@dataclass(frozen=True)
class Passes:
    """Passes over the model for one text, with the default options: so many, and so many more per token.

    `together`: the texts of a batch make each pass at once, so that all of them make those of the longest, at its
    length. Otherwise each goes through the model alone.
    """

    forward: int = 0
    backward: int = 0
    per_token: int = 0
    together: bool = False

    def __str__(self) -> str:
        parts = (
            f"{self.forward} forward" if self.forward and not self.per_token else "",
            f"{self.per_token} forward per token" if self.per_token else "",
            f"{self.backward} backward" if self.backward else "",
        )
        return ", ".join(part for part in parts if part) or "none"

    def forward_equivalents(self, tokens: float) -> float:
        """What they take together, in forward passes: a backward pass to the embeddings takes about as long again."""
        return self.forward + self.backward + self.per_token * tokens


@dataclass(frozen=True)
class Method:
    """An attribution method.

    `additive`: scores plus the reference's share add up to the logit. `signed`: negative scores mean that a
    token speaks against the target. `targeted`: the scores depend on the explained class. `stochastic`: they
    depend on a seed. `usual`: shown before anyone chooses. `chance`: not a method, but what one has to beat.
    `on_bcos`: the method that it is the same as on a B-cos model, whose name it bears there; empty if there is none.
    `refuses` gives the reason why it cannot serve a family, None if it can; without it, it serves all. `answers`: the
    kinds of answers that it is defined for, by their names; empty if for all.
    `references`: named choices of what a token is compared with (see `REFERENCES`), the first the default; empty
    if the method has no choice. `options`: its options by name. `cost` is per text.
    `cites`: the papers that it comes from, by their keys in `citations.CITATIONS`.
    """

    name: str
    title: str
    description: str
    cost: Passes
    attribute: Callable[[MethodInput], MethodOutput]
    needs_bcos: bool = False
    on_bcos: str = ""
    refuses: Callable[[Family], str | None] | None = None
    answers: tuple[str, ...] = ()
    additive: bool = False
    signed: bool = True
    targeted: bool = True
    needs_gradients: bool = False
    stochastic: bool = False
    usual: bool = False
    chance: bool = False
    references: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict)
    cites: tuple[str, ...] = ()

    def load(self) -> None:
        """Import what it needs, which takes seconds, before anyone looks how long a text takes."""
        if isinstance(self.attribute, Later):
            self.attribute.load()

    def checked_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Every option with its value, the default where none is given.

        Raises:
            UnknownNameError: an option that the method does not have.
            InputError: a value that it does not take.
        """
        for name in given:
            if name not in self.options:
                raise UnknownNameError(f"option of {self.name}", name, self.options)
        return {name: option.converted(name, given.get(name, option.default)) for name, option in self.options.items()}

    def checked_reference(
        self, given: str | None, tokens: Sequence[str] = REFERENCE_TOKENS, *, against_nothing: bool = False
    ) -> str | None:
        """The reference to use, None for a method without one. Where none is given, the first that can be had with the
        `tokens` of a tokenizer (`references.tokens_of`); with `against_nothing` one that is no token goes before them.

        Raises:
            UnknownNameError: one that the method does not offer.
        """
        if not self.references:
            return None
        if given is not None and (not isinstance(given, str) or given not in self.references):
            raise UnknownNameError(f"reference of {self.name}", given, self.references)
        if given is not None:
            return given
        fitting = [r for r in self.references if r in tokens or r not in REFERENCE_TOKENS]
        if against_nothing:
            fitting.sort(key=lambda reference: reference in REFERENCE_TOKENS)
        return next(iter(fitting), self.references[0])

    def has_reference(self, tokens: Sequence[str]) -> bool:
        """Whether it can be had with the `tokens` of a tokenizer: it compares with one of them, or needs none."""
        return not self.references or any(r in tokens or r not in REFERENCE_TOKENS for r in self.references)

    def fitting_reference(self, wanted: str | None) -> str | None:
        """The reference that asks what `wanted` asks; the method's default where it offers none such."""
        return next((name for name in self.references if wanted and same_reference(name, wanted)), None)

    def unsupported(
        self, *, is_bcos: bool, family: str = "", answers: str = USUAL, tokens: Sequence[str] = REFERENCE_TOKENS
    ) -> str | None:
        """Why the method cannot serve a model, for a person; None if it can. `family` is the title of the model's
        family, empty where that is not known; `answers` the kind of answers that it gives; `tokens` those of its
        tokenizer (`references.tokens_of`)."""
        if self.needs_bcos and not is_bcos:
            return "Only for B-cos models: a conventional one has no contributions."
        if self.answers and answers not in self.answers:
            fitting = ", ".join(answer_type(name).title.lower() for name in self.answers)
            return f"Not for what this model answers: the method is defined for {fitting}."
        if not self.has_reference(tokens):
            return "The tokenizer of this model has no token that stands for a removed one."
        known = next((one for one in FAMILIES.values() if one.title == family), None)
        return None if known is None or self.refuses is None else self.refuses(known)
