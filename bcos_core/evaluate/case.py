"""What a score is computed from: one explanation of one text, and the evidence about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bcos_core.evaluate.limits import Limits
    from bcos_core.text.encoding import Encoded

Logits = tuple[float, ...]
Probability = Callable[[Sequence[float], int], float]


TENTHS = tuple(range(1, 10))
"""The shares k of the tokens that curves are taken at: ten to ninety percent."""


@dataclass(frozen=True)
class Curves:
    """Logits of one text: whole, empty, without its top-k tokens, and with only them, for each k in `TENTHS`."""

    whole: Logits
    empty: Logits
    without: tuple[Logits, ...]
    only: tuple[Logits, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"whole": self.whole, "empty": self.empty, "without": self.without, "only": self.only}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Curves:
        rows = {name: tuple(tuple(row) for row in data[name]) for name in ("without", "only")}
        return cls(tuple(data["whole"]), tuple(data["empty"]), **rows)


@dataclass(frozen=True)
class Steps:
    """Logits of one text of n pieces, as its ordinary tokens are, without its top i pieces, for each i from 0 on, and
    with only them, for each i up to n: all n + 1 of both, or as many as leave something to read."""

    without: tuple[Logits, ...]
    only: tuple[Logits, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"without": self.without, "only": self.only}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Steps:
        return cls(**{name: tuple(tuple(row) for row in data[name]) for name in ("without", "only")})


@dataclass(frozen=True)
class Sets:
    """Logits of one text: `whole`, and `without` each of some sets of its tokens, the positions `removed`."""

    whole: Logits
    removed: tuple[tuple[int, ...], ...]
    without: tuple[Logits, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"whole": self.whole, "removed": self.removed, "without": self.without}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Sets:
        removed, without = (tuple(tuple(row) for row in data[name]) for name in ("removed", "without"))
        return cls(tuple(data["whole"]), removed, without)


@dataclass(frozen=True)
class Soft:
    """Logits of one text: `whole`, and `empty`, with nothing of its words' vectors; then, draw by draw, with parts of
    them: `kept` the more the higher a token's score, and `without` them."""

    whole: Logits
    empty: Logits
    kept: tuple[Logits, ...]
    without: tuple[Logits, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"whole": self.whole, "empty": self.empty, "kept": self.kept, "without": self.without}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Soft:
        rows = {name: tuple(tuple(row) for row in data[name]) for name in ("kept", "without")}
        return cls(tuple(data["whole"]), tuple(data["empty"]), **rows)


@dataclass(frozen=True)
class Named:
    """The tokens of a text that people name (of several, at least half of them), the share of tokens that they name on
    average over the texts, and what each of several people names."""

    positions: frozenset[int]
    share: float
    people: tuple[frozenset[int], ...] = ()


@dataclass(frozen=True)
class Case:
    """One explanation of one text, and the evidence that was gathered about it.

    `scores` are aligned with the text's tokens, `target` is the explained class. `leave_one_out` has the logits
    of the whole text, then of the text without each ordinary token. `named` is what people name, by the kind of
    evidence ("ratings", "rationale"). `pointing` is the pointing game's result. `steps` and `limits` are there for
    texts that are short enough for them. `sets` has what the model says without random sets of tokens,
    `sensitivity` how far the scores move with the words, `soft` what it says of parts of the words, by how much of each
    they are ("soft", "soft_ranks").
    """

    text: Encoded
    scores: tuple[float, ...]
    target: int
    probability: Probability
    curves: Curves | None = None
    leave_one_out: Sequence[Logits] = ()
    named: Mapping[str, Named] = field(default_factory=dict)
    pointing: float | None = None
    steps: Steps | None = None
    limits: Limits | None = None
    sets: Sets | None = None
    sensitivity: float | None = None
    soft: Mapping[str, Soft] = field(default_factory=dict)

    def p(self, logits: Sequence[float]) -> float:
        """The probability of the explained class."""
        return self.probability(logits, self.target)

    @property
    def ordinary(self) -> list[int]:
        return [position for position, token in enumerate(self.text.tokens) if not token.added]
