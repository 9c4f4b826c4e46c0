"""What an evaluation is asked to do. Plain data, so that it can be a database row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.probability import PROBABILITIES
from bcos_core.evaluate.removal import REMOVALS
from bcos_core.evaluate.scores import SCORES
from bcos_core.model.identity import source_identity
from bcos_core.option import choice, misfits
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice

DEFAULT_SCORES = ("comprehensiveness", "sufficiency", "comp_minus_suff")
BETWEEN_MODELS = ("naopc",)
"""What models are set against each other by: raw scores of two models do not compare."""

SIDES = ("test", "validation")


def usual_scores(models: int) -> tuple[str, ...]:
    """What so many models are scored by unless one says otherwise, the score to look at first in front."""
    return (*BETWEEN_MODELS, *DEFAULT_SCORES) if models > 1 else DEFAULT_SCORES


@dataclass(frozen=True)
class EvaluationSpec:
    """Checkpoints (folders), methods and scores (names), and how to score.

    `limit` texts of one `side` of `task`, by default that of the first checkpoint's training, are drawn by `seed`, in
    every class's proportion; it is also the seed of stochastic methods. `removal` and `probability` are those of the
    scores that have them. The pointing game takes `pairs` pairs of texts of `pointing_length` tokens (by default what
    suits the task). Normalised scores take the first `bounded_texts` texts of at most `bounded_length` tokens, whose
    limits are searched by a beam of `beam_width`. `options` are those of methods, by method.

    Raises:
        UnknownNameError: a method, score, removal, probability or option that is not there.
        InputError: nothing to evaluate, or a number out of range.
    """

    checkpoints: tuple[str, ...]
    methods: tuple[str, ...]
    scores: tuple[str, ...] = DEFAULT_SCORES
    limit: int = choice(100, "Test texts", "Test texts to use.", least=1, most=1_000_000)
    side: str = choice(
        "test", "Side", "Of the task: what is chosen by scores is chosen on validation texts.", choices=SIDES
    )
    removal: str = "mask"
    probability: str = "softmax"
    seed: int = choice(0, "Seed", "Seed of texts and stochastic methods.", least=0, most=2**32 - 1)
    task: TaskChoice | None = None
    pairs: int = choice(200, "Pairs of texts", "Pairs of texts of the pointing game.", least=1, most=100_000)
    pointing_length: int | None = choice(
        None,
        "Length of a half",
        "Tokens of each half of a pair of the pointing game.",
        least=2,
        most=8_192,
        kind=int,
        none="what suits the task",
    )
    bounded_texts: int = choice(
        30, "Texts with limits", "Short texts whose best and worst order are searched.", least=1, most=100_000
    )
    bounded_length: int = choice(
        25, "Longest of them", "Tokens of a text up to which its best and worst order are searched.", least=2, most=512
    )
    beam_width: int = choice(
        4, "Beam width", "Orders that are gone on from at each removal; more find better limits.", least=1, most=256
    )
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, given in (("checkpoint", self.checkpoints), ("method", self.methods), ("score", self.scores)):
            if not given:
                raise InputError(f"No {name} was given; an evaluation needs at least one.")
            if len(set(given)) < len(given):
                raise InputError(f"A {name} was given twice: {', '.join(given)}.")
        for method in self.methods:
            METHODS[method].checked_options(self.options.get(method, {}))
        for score in self.scores:
            SCORES[score]
        REMOVALS[self.removal], PROBABILITIES[self.probability]
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")

    @property
    def contenders(self) -> tuple[str, ...]:
        """The methods, and chance: every table has it."""
        return self.methods if CHANCE in self.methods else (*self.methods, CHANCE)

    def needs(self, evidence: str) -> bool:
        """Whether a score is computed from such evidence."""
        return any(SCORES[name].evidence == evidence for name in self.scores)

    def without(self, evidence: str) -> EvaluationSpec | None:
        """The same without the scores that are computed from such evidence; None where there are no others."""
        others = tuple(name for name in self.scores if SCORES[name].evidence != evidence)
        return replace(self, scores=others) if others else None

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "task": self.task.to_dict() if self.task else None}

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files: starting it twice gives one job."""
        content = [*map(source_identity, self.checkpoints), choice_hash(self.task) if self.task else ""]
        return "evaluate:" + json.dumps({**self.to_dict(), "content": content}, sort_keys=True)
