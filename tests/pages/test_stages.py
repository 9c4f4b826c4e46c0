"""What a person who waits is told of the stage that a training is in."""

from __future__ import annotations

import pytest

from bcos_core.train.language import plan as language
from bcos_core.train.language.recipe import LANGUAGE_RECIPES, LanguageRecipe
from bcos_core.train.plan import stage_titles
from bcos_core.train.recipe import RECIPES
from pages.widgets.stages import explain_stage

LANGUAGE = [*LANGUAGE_RECIPES.values(), LanguageRecipe(twin=True), LanguageRecipe(calibrate=False)]
TITLES = {
    *(title for recipe in RECIPES.values() for title in stage_titles(recipe)),
    *(title for recipe in LANGUAGE for title in language.stage_titles(recipe)),
}


@pytest.mark.parametrize("title", sorted(TITLES))
def test_every_stage_of_a_training_is_explained(title: str) -> None:
    assert explain_stage(title).endswith(".")
