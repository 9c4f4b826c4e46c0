"""What one training job is asked to do: a model, a task, a recipe. Plain data, so that it can be a database row."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from bcos_core.errors import RecipeError
from bcos_core.model.identity import source_identity
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import Recipe

# It becomes part of a folder's name.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True)
class TrainSpec:
    """A model source (see `bcos_core.model.sources`), a task and a recipe."""

    model: str
    task: TaskChoice
    recipe: Recipe
    name: str = ""

    def __post_init__(self) -> None:
        if self.name and not NAME.fullmatch(self.name):
            raise RecipeError(
                "name",
                f"name is {self.name!r}; expected up to 80 letters, digits, '-', '_' or '.', a letter or digit first.",
            )

    def to_dict(self) -> dict[str, Any]:
        return {"model": self.model, "task": self.task.to_dict(), "recipe": self.recipe.to_dict(), "name": self.name}

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files: starting it twice gives one job."""
        asked = {k: v for k, v in self.to_dict().items() if k != "name"}
        content = [choice_hash(self.task), source_identity(self.model)]
        return "train:" + json.dumps({**asked, "content": content}, sort_keys=True)
