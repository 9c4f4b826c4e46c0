"""A grid that takes seconds: a random two-block BERT, a file whose label one word decides, two ways to train."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bcos_core.reproduce.grid import Arm, Grid, GridTask
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.text.tasks import TaskChoice
from bcos_core.train.recipe import Recipe
from tests.train.small_task import write_inputs

RECIPE = Recipe(calibration_texts=16, epochs=1.0, batch_size=8, max_length=16, learning_rate=1e-3, precision="fp32")
CONVENTIONAL = RECIPE.replace(bcos=False, calibrate=False, twin=False)


def tiny_spec(folder: Path, **changes: object) -> ReproduceSpec:
    """Everything once, in seconds; `changes` are of the grid."""
    inputs = folder / "bert", folder / "reviews.csv"
    model, file = inputs if inputs[1].exists() else write_inputs(folder)
    grid = Grid(
        bases=(str(model),),
        tasks=(GridTask("reviews", "Reviews", TaskChoice("file", str(file), "review", "verdict"), 16),),
        arms=(Arm("conventional", "Conventional", CONVENTIONAL), Arm("bcos", "B-cos", RECIPE)),
        methods=("bcos", "saliency"),
        scores=("comprehensiveness", "naopc"),
        seeds=(1, 2),
        texts=4,
        bounded_texts=2,
        bounded_length=8,
        against=("saliency", "bcos"),
        removals=("delete",),
        removal_methods=("bcos",),
    )
    return ReproduceSpec("paper", "quick", replace(grid, **changes))  # type: ignore[arg-type]
