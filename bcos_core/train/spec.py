"""What one training job is asked to do: a model, a task, a recipe. Plain data, so that it can be a database row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bcos_core.model.identity import source_identity
from bcos_core.text.content import choice_hash
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.named_work import NamedWork
from bcos_core.train.recipe import Recipe


@dataclass(frozen=True)
class TrainSpec(NamedWork):
    """A model source (see `bcos_core.model.sources`), a task and a recipe; and what the model that comes of it is
    called, with notes about it (`bcos_core.model.about`). Its twin is called after it. So many `processes` train
    together.

    Raises:
        RecipeError: a name or notes that cannot be such.
    """

    model: str
    task: TaskChoice
    recipe: Recipe
    name: str = ""
    notes: str = ""
    processes: int = 1

    def to_dict(self) -> dict[str, Any]:
        return {**self.work(), "name": self.name, "notes": self.notes, "processes": self.processes}

    def work(self) -> dict[str, Any]:
        """What is computed, whatever it is called, and by however many."""
        return {"model": self.model, "task": self.task.to_dict(), "recipe": self.recipe.to_dict()}

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files: starting it twice gives one job."""
        content = [choice_hash(self.task), source_identity(self.model)]
        return "train:" + json.dumps({**self.work(), "content": content}, sort_keys=True)
