"""What one training of a language model is asked to do: a model, texts, a recipe. Plain data, so that it can be a
database row."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bcos_core.model.identity import source_identity
from bcos_core.text.running import TextSource, source_hash
from bcos_core.train.language.recipe import LanguageRecipe
from bcos_core.train.named_work import NamedWork


@dataclass(frozen=True)
class LanguageSpec(NamedWork):
    """A model source (see `bcos_core.model.sources`), texts and a recipe; and what the model that comes of it is
    called, with notes about it. So many `processes` train together.

    Raises:
        RecipeError: a name or notes that cannot be such.
    """

    model: str
    texts: TextSource
    recipe: LanguageRecipe
    name: str = ""
    notes: str = ""
    processes: int = 1

    def work(self) -> dict[str, Any]:
        """What is computed, whatever it is called, and by however many."""
        return {"model": self.model, "texts": self.texts.to_dict(), "recipe": self.recipe.to_dict()}

    @property
    def key(self) -> str:
        """The same for two requests of the same work, on the same content of files: starting it twice gives one job."""
        content = [source_hash(self.texts), source_identity(self.model)]
        return "language-model:" + json.dumps({**self.work(), "content": content}, sort_keys=True)
