"""What the trust tests are asked to do. Plain data, so that it can be a database row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.errors import InputError
from bcos_core.evaluate.standing import CHEAP
from bcos_core.model.identity import checkpoint_and_data
from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.option import choice, misfits

_USUAL_TOKENS = 25  # of a short text, for which the price of a method is looked up


@dataclass(frozen=True)
class TrustSpec:
    """`methods` are tested on `limit` texts of the test set of `checkpoint`, a folder. The texts, the shuffled weights
    and the draws of stochastic methods follow from `seed`.

    Raises:
        UnknownNameError: a method that is not there.
        InputError: no method, one given twice, or a number out of range.
    """

    checkpoint: str
    methods: tuple[str, ...]
    limit: int = choice(100, "Test texts", "Test texts to use.", least=1, most=100_000)
    seed: int = choice(0, "Seed", "Seed of texts, of shuffled weights and of stochastic methods.", least=0, most=2**31)

    def __post_init__(self) -> None:
        if not self.methods:
            raise InputError("No method was given; the trust tests need at least one.")
        if len(set(self.methods)) < len(self.methods):
            raise InputError(f"A method was given twice: {', '.join(self.methods)}.")
        for method in self.methods:
            METHODS[method]
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")

    @property
    def model(self) -> CheckpointInfo:
        """
        Raises:
            CheckpointError: it is not there any more.
        """
        return read_info(Path(self.checkpoint))

    @property
    def contenders(self) -> tuple[str, ...]:
        """The methods, and random scores: what the tests must find fault with."""
        return self.methods if CHANCE in self.methods else (*self.methods, CHANCE)

    @property
    def key(self) -> str:
        """The same for two requests of the same work on the same files."""
        asked = [self.checkpoint, checkpoint_and_data(self.model), self.methods, self.limit, self.seed]
        return "trust:" + json.dumps(asked)


def default_methods(info: CheckpointInfo) -> tuple[str, ...]:
    """Those that can serve a model and take no more passes than B-cos contributions do, so that every test of all of
    them is done in minutes; of two that are one on a B-cos model, ours."""
    is_bcos = info.kind == "bcos"
    return tuple(
        method.name
        for method in METHODS.values()
        if not method.chance
        and not method.unsupported(is_bcos=is_bcos, family=info.family, answers=info.task_type)
        and not (is_bcos and method.on_bcos)
        and method.cost.forward_equivalents(_USUAL_TOKENS) <= CHEAP
    )
