"""The quick-start: both models, on the embedded model and data, in a few minutes on two cores."""

from __future__ import annotations

from bcos_core.model.embedded import EMBEDDED
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import RECIPES
from bcos_core.train.spec import TrainSpec


def quickstart_spec() -> TrainSpec:
    """Calibrated conversion of MiniLM and its conventional twin on a share of the short movie sentences."""
    recipe = RECIPES["calibrated"].replace(examples=2000, epochs=1.0, calibration_texts=256, learning_rate=2e-4)
    return TrainSpec(model=EMBEDDED, task=TaskChoice("embedded", "short-reviews"), recipe=recipe, name="Quick start")
