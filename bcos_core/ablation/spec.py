"""What an ablation is asked to do. Plain data, so that it can be a database row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bcos_core.ablation.grid import LeftOut, Row, Value, grid, typed
from bcos_core.errors import InputError
from bcos_core.evaluate.spec import EvaluationSpec
from bcos_core.model.embedded import EMBEDDED
from bcos_core.model.identity import source_identity
from bcos_core.option import choice, misfits
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import Recipe

SCORES = ("naopc", "comp_minus_suff", "seqpg")
"""What models are scored by, beside their answers: the first one chooses, since it compares across models."""
METHOD = "pullback"
"""Whose heatmaps are scored: on a B-cos model these are B-cos contributions, on a conventional one its own computation
with all factors held constant, so that the two differ in what the conversion and B > 1 bring."""


@dataclass(frozen=True)
class AblationSpec:
    """Train `model` on `task` by `recipe`, the default, and by every recipe that comes of `vary` (option → values),
    each with `seeds` seeds from the recipe's own on; and score them all on the task's validation side.

    `crossed`: every value with every value of the other options, else each option alone. `twin`: beside them the
    conventional twin of the default, with every seed. Heatmaps are scored on `limit` validation texts, of which those
    of at most `bounded_length` tokens, `bounded_texts` of them, have limits (see `EvaluationSpec`), and on `pairs`
    pairs of texts. What is chosen by these is then scored in the same way on the test side, with the default.

    Raises:
        InputError: an option or value that is not there, a number out of range, or nothing to vary.
        RecipeError: a recipe of no B-cos model: there would be no contributions to score.
    """

    model: str = EMBEDDED
    task: TaskChoice = field(default_factory=lambda: TaskChoice("embedded", "short-reviews"))
    recipe: Recipe = field(default_factory=Recipe)
    vary: Mapping[str, tuple[Value, ...]] = field(default_factory=lambda: {"b": (1.0, 1.25, 1.5, 2.0)})
    crossed: bool = choice(True, "Every combination", "Every value with every value of the other options.")
    seeds: int = choice(3, "Seeds", "Trainings of each recipe, with different seeds.", least=1, most=50)
    twin: bool = choice(True, "Twin", "Also the conventional twin of the default, with every seed.")
    limit: int = choice(100, "Validation texts", "Texts on which heatmaps are scored.", least=2, most=100_000)
    bounded_texts: int = choice(
        30, "Texts with limits", "Short texts whose best and worst order are searched.", least=2, most=100_000
    )
    bounded_length: int = choice(
        25, "Longest of them", "Tokens of a text up to which its best and worst order are searched.", least=2, most=512
    )
    beam_width: int = choice(
        4, "Beam width", "Orders that are gone on from at each removal; more find better limits.", least=1, most=256
    )
    pairs: int = choice(50, "Pairs of texts", "Pairs of texts of the pointing game.", least=2, most=100_000)

    def __post_init__(self) -> None:
        vary = {name: tuple(typed(name, value) for value in values) for name, values in self.vary.items()}
        object.__setattr__(self, "vary", vary)
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")
        if not self.recipe.bcos:
            raise InputError("An ablation varies a recipe of B-cos models; conventional is none. Choose another one.")
        object.__setattr__(self, "recipe", self.recipe.replace(twin=False))  # the one twin stands beside the grid
        self.grid()

    def grid(self) -> tuple[tuple[Row, ...], tuple[LeftOut, ...]]:
        """The recipes, the default first, and the combinations that are none."""
        return grid(self.recipe, self.vary, crossed=self.crossed)

    @property
    def rows(self) -> tuple[Row, ...]:
        """The recipes of B-cos models, the default first."""
        return self.grid()[0]

    @property
    def every_seed(self) -> range:
        return range(self.recipe.seed, self.recipe.seed + self.seeds)

    def evaluation(self, checkpoints: tuple[str, ...], *, side: str) -> EvaluationSpec:
        """How models are scored."""
        return EvaluationSpec(
            checkpoints,
            methods=(METHOD,),
            scores=SCORES,
            side=side,
            task=self.task,
            seed=self.recipe.seed,
            **{
                name: getattr(self, name)
                for name in ("limit", "pairs", "bounded_texts", "bounded_length", "beam_width")
            },
        )

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files: starting it twice gives one job."""
        content = [choice_hash(self.task), source_identity(self.model)]
        return "ablate:" + json.dumps({**self.to_dict(), "content": content}, sort_keys=True)
