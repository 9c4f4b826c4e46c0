"""What a training consists of: its stages, and what each costs by the sizes of the model and the task."""

from __future__ import annotations

from bcos_core.jobs.part import START_SECONDS, Part, seconds_of
from bcos_core.model.size import model_size
from bcos_core.text.size import task_size
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

# Relative to a conventional training step (one forward, two forwards' worth of backward = 3 units):
BCOS_STEP = 1 / 0.9  # norms and powers of the B-cos product; of a forward pass alone, too
CONSISTENCY_STEP = (3 + 1.9 + 3) / 3  # plus a heatmap, plus a forward and backward on the masked texts
BACKWARD = 2  # in forward passes
EVALUATIONS = 5
"""Of a training, in its course."""
KEPT_PASSES = 3 + 20
"""Of a text that is explained on the way: its heatmap, and the curves of what is removed."""
LEAST_CURVE_TEXTS, CURVE_SHARE = 200, 10
"""Validation texts of such an evaluation: a tenth of the training texts, at least so many."""
STEP_SECONDS = 0.03
"""Of an optimiser step there, beside its arithmetic: what a small model spends its time on."""
READING_SECONDS, LOADING_SECONDS, SAVING_SECONDS = 1.0, 1.5, 1.5
KINDS = {"bcos": "B-cos", "conventional": "conventional"}


def stage_titles(recipe: Recipe) -> list[str]:
    """The stages of a run, in their order."""
    titles = ["Reading the data"]
    if recipe.bcos and recipe.calibrate:
        titles.append("Fitting the converted layers")
    for kind in trained_kinds(recipe):
        titles += [f"Fine-tuning the {KINDS[kind]} model", f"Scoring the {KINDS[kind]} model"]
    return titles


def trained_kinds(recipe: Recipe) -> list[str]:
    """The kinds of models that a recipe trains, the B-cos model first."""
    return ["bcos"] * recipe.bcos + ["conventional"] * (recipe.twin or not recipe.bcos)


def step_cost(recipe: Recipe, share: float) -> float:
    """What the steps up to a `share` of them all cost, in conventional steps' time: those with deletion consistency
    cost more, and it begins in the middle."""
    begun = recipe.consistent_share(share)
    return (share - begun + begun * CONSISTENCY_STEP) * (BCOS_STEP if recipe.bcos else 1.0)


def steps_done(recipe: Recipe, step: int, steps: int) -> float:
    """Steps that were done, each counted by what it costs beside the mean of all."""
    return steps * step_cost(recipe, step / max(1, steps)) / step_cost(recipe, 1.0)


def together_words(processes: int) -> str:
    """What a pace is called after where several processes train."""
    return f", {processes} processes" if processes > 1 else ""


def training_plan(spec: TrainSpec) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    recipe, size, model = spec.recipe, task_size(spec.task), model_size(spec.model)
    tokens = min(size.tokens, recipe.max_length)
    forward = model.forward(tokens)
    texts = min(size.train, recipe.examples or size.train)
    curve = min(size.validation, max(LEAST_CURVE_TEXTS, texts // CURVE_SHARE))
    parts = [("read", START_SECONDS + READING_SECONDS)]
    if recipe.bcos and recipe.calibrate:
        fitted = recipe.calibration_texts * (2 * forward + model.gram(tokens))
        parts.append(("calibrate", LOADING_SECONDS + seconds_of(fitted)))
    for kind in trained_kinds(recipe):
        own = recipe if kind == "bcos" else recipe.conventional_twin() if recipe.bcos else recipe
        arithmetic = (1 + BACKWARD) * forward * texts * own.epochs * step_cost(own, 1.0)
        steps = STEP_SECONDS * texts * own.epochs / own.batch_size
        pace = f"fine-tune {kind}" + " with consistency" * bool(own.consistency) + f", {own.precision}"
        pace += together_words(spec.processes)
        kept = KEPT_PASSES * own.kept_texts + curve if own.kept_texts else 0
        asked = (EVALUATIONS * curve + own.kept_states * kept) * forward
        parts.append((pace, LOADING_SECONDS + steps + seconds_of(arithmetic / spec.processes + asked)))
        parts.append(("score", SAVING_SECONDS + seconds_of(size.test * forward)))
    return [Part(stage, "", pace, seconds) for stage, (pace, seconds) in enumerate(parts)]
