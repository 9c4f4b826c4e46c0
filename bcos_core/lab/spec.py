"""What a planted-truth experiment is asked to do."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from bcos_core.attribution.registry import METHODS
from bcos_core.errors import InputError
from bcos_core.lab.plants import PLANTS
from bcos_core.model.embedded import EMBEDDED
from bcos_core.model.identity import source_identity
from bcos_core.option import choice, misfits
from bcos_core.tasks.registry import TASK_TYPES, USUAL
from bcos_core.tasks.task_type import TaskType
from bcos_core.text.content import choice_hash
from bcos_core.text.embedded import EMBEDDED_TASKS
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.quickstart import quickstart_spec
from bcos_core.train.recipe import Recipe

METHODS_OF_LAB = ("bcos", "integrated_gradients", "occlusion", "input_x_gradient", "saliency", "lime", "attention")


def unsupported(kind: TaskType, *, pairs: bool) -> str | None:
    """Why nothing can be planted in tasks of a type, or of pairs of texts, and what to do; None where it can."""
    if pairs:
        return "A shortcut is planted in single texts, and this task has pairs of texts. Choose another task."
    if kind.exclusive:
        return None
    return (
        f"A shortcut decides between two classes of which one is right; tasks of the type {kind.name} have none. "
        "Choose a task of one label for each text."
    )


def type_of(task: TaskChoice) -> TaskType:
    """The type of a task that is not loaded."""
    embedded = EMBEDDED_TASKS[task.name].type if task.kind == "embedded" else None
    return TASK_TYPES[embedded or task.type or USUAL]


@dataclass(frozen=True)
class LabSpec:
    """Plant `plant` in the share `share` of the training texts of `task`, deciding between its first two classes;
    train `model` by `recipe`, and its conventional twin; score `methods` on `limit` planted test texts.

    The default recipe is the quick start's: enough to learn a shortcut.

    Raises:
        UnknownNameError: a plant or method that is not there.
        InputError: a number out of range, or a task of a type in which nothing can be planted.
        RecipeError: a recipe without a B-cos model and its twin.
    """

    plant: str = "rare-word"
    share: float = choice(
        0.5,
        "Planted share",
        "Share of the training texts that are planted. A planted text has the shortcut's class, whatever it says.",
        least=0.05,
        most=1.0,
    )
    task: TaskChoice = field(default_factory=lambda: TaskChoice("embedded", "short-reviews"))
    model: str = EMBEDDED
    recipe: Recipe = field(default_factory=lambda: quickstart_spec().recipe)
    methods: tuple[str, ...] = METHODS_OF_LAB
    limit: int = choice(100, "Planted test texts", "Planted test texts to look at.", least=1, most=100_000)

    def __post_init__(self) -> None:
        PLANTS[self.plant]
        for method in self.methods:
            METHODS[method]
        if not self.methods:
            raise InputError("No method was given; the lab needs at least one to score.")
        for name, option in misfits(self).items():
            raise InputError(f"{name} is {getattr(self, name)!r}; expected {option.expected}.")
        if reason := unsupported(type_of(self.task), pairs=self.task.pairs):
            raise InputError(reason)
        if not (self.recipe.bcos and self.recipe.twin):
            raise InputError("The lab compares a B-cos model with its conventional twin; the recipe must train both.")

    @property
    def seed(self) -> int:
        """Seed of the plants, the texts, the training and the methods."""
        return self.recipe.seed

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files: starting it twice gives one job."""
        content = [choice_hash(self.task), source_identity(self.model)]
        return "lab:" + json.dumps({**self.to_dict(), "content": content}, sort_keys=True)
