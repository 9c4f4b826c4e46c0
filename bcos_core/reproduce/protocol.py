"""How the figures of a run came about, in sentences that stand below its tables."""

from __future__ import annotations

from bcos_core.attribution.registry import METHODS
from bcos_core.evaluate.scores import SCORES
from bcos_core.numbers import count
from bcos_core.reproduce.grid import Grid
from bcos_core.reproduce.measure import Effort
from bcos_core.reproduce.scale import SCALES
from bcos_core.reproduce.spec import ReproduceSpec
from bcos_core.train.recipe import Recipe

INTERVALS = (
    "Intervals are of 95 %. Those of means over several seeds take seeds and texts as drawn (t intervals of crossed "
    "samples); of one seed they are the bootstrap’s over texts, of a share of the texts of one model Wilson’s, of "
    "repetitions the bootstrap’s of their median. A figure without one was measured once, or is the largest of several."
)


def protocol_of(spec: ReproduceSpec) -> tuple[str, ...]:
    """Of what was asked for."""
    scale = SCALES[spec.scale]
    said = [f"Scale: {scale.title.lower()}. {scale.description}"]
    said += effort_protocol(spec.effort) if spec.measures else ()
    said += grid_protocol(spec.grid) if spec.groups else ()
    return (*said, INTERVALS)


def effort_protocol(effort: Effort | None) -> tuple[str, ...]:
    """Of the figures that no grid has."""
    if effort is None:
        return ()
    quick, lab = effort.quickstart.recipe, effort.lab
    return (
        f"Times are of the machine named below, with whatever else it does: ratios over {effort.repeats} repetitions "
        f"in turn, of processes that are warm. Memory is measured in processes of their own.",
        f"Quick start: {count(quick.examples or 0, 'training text')}, {quick.epochs:g} epoch. The timed evaluation: "
        f"{count(effort.evaluated, 'test text')}. Beside captum: {count(effort.beside_captum, 'sentence')}. Statistics "
        f"of studies: {count(effort.studies, 'simulated study', 'simulated studies')} of each size. Planted truth: "
        f"{count(lab.recipe.examples or 0, 'training text')}, {count(lab.limit, 'planted test text')}.",
    )


def grid_protocol(grid: Grid) -> tuple[str, ...]:
    """Data, training and scores of a grid."""
    seeds = ", ".join(map(str, grid.seeds))
    examples = "all training texts" if grid.examples is None else f"{count(grid.examples, 'training text')}"
    lengths = ", ".join(f"{task.title} {task.max_length}" for task in grid.tasks)
    said = [
        f"Training: {examples} of each task, seed {seeds}; texts are cut at so many tokens: {lengths}. Sides are those "
        "of the data set, or drawn by a hash of the text.",
        *(f"{arm.title}: {_recipe(arm.recipe)}." for arm in grid.arms),
        f"Scores: {count(grid.texts, 'test text')} of each task, {count(grid.pairs, 'pair')} in the pointing game, "
        f"normalised scores on the first {count(grid.bounded_texts, 'text')} of at most "
        f"{grid.bounded_length} tokens. Removed tokens are replaced by the mask token; the predicted class is "
        "explained. The first conventional model judges the pairs. All models of a task are scored on the same texts.",
        *(
            f"{METHODS[method].title} with {', '.join(f'{name} {value}' for name, value in options.items())}."
            for method, options in grid.options.items()
            if method in grid.methods
        ),
        *(f"{SCORES[score].title}: {SCORES[score].description}" for score in grid.scores),
        "Memory is the growth of the peak while one text is explained, the largest of the longest few; of training, "
        "the peak of the whole process.",
    ]
    return tuple(said)


def _recipe(recipe: Recipe) -> str:
    """The options of a recipe that a reader compares, in words."""
    shown = ["learning_rate", "epochs", "batch_size", "masking"]
    if recipe.bcos:
        shown = ["b", "normalize_weights", "calibrate", "consistency", *shown]
    return ", ".join(f"{name.replace('_', ' ')} {getattr(recipe, name)}" for name in shown)
