"""The quick-start: both models, on the embedded model and data, in a few minutes on two cores."""

from __future__ import annotations

from bcos_core.model.embedded import EMBEDDED
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import RECIPES
from bcos_core.train.spec import TrainSpec


def quickstart_spec() -> TrainSpec:
    """MiniLM, converted and trained to say what striking out a word does, and its conventional twin, on a share of the
    short movie sentences. At twice this learning rate one seed in three learned nothing."""
    recipe = RECIPES["faithful"].replace(examples=2000, epochs=2.0, calibration_texts=256)
    return TrainSpec(model=EMBEDDED, task=TaskChoice("embedded", "short-reviews"), recipe=recipe, name="Quick start")
