"""What an ablation consists of, and what each part costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bcos_core.ablation.grid import TWIN
from bcos_core.ablation.spec import METHOD, AblationSpec
from bcos_core.ablation.stages import part_name
from bcos_core.attribution.registry import CHANCE
from bcos_core.evaluate.plan import (
    CURVES,
    LIMITS,
    LOADING,
    LOADING_SECONDS,
    TYPICAL_OF_LONGEST,
    curves,
    explaining,
    part_of,
    pointing_length,
    pointing_part_of,
    predicting,
    search_passes,
)
from bcos_core.jobs.part import START_SECONDS, Part
from bcos_core.model.embedded import EMBEDDED, embedded_path
from bcos_core.model.info import CheckpointInfo
from bcos_core.text.size import SPECIAL_TOKENS, TaskSize, task_size
from bcos_core.train.plan import training_plan
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

READING_SECONDS = 5.0
"""Of the data, and of a look at which precision is faster."""
ASKING = "asking"
AFTER_TRAINING = 3
"""Stages: answers to validation texts, heatmaps of these, and of test texts."""


def stage_titles(spec: AblationSpec) -> list[str]:
    """The stages, in their order: one for each training."""
    trained = [f"{name}, seed {recipe.seed}" for name, recipe in trainings(spec)]
    return [
        "Reading the data",
        *(f"Training {place} of {len(trained)}: {title}" for place, title in enumerate(trained, start=1)),
        "Asking the models about validation texts",
        "Scoring heatmaps of validation texts",
        "Scoring what was chosen on test texts",
    ]


def trainings(spec: AblationSpec) -> list[tuple[str, Recipe]]:
    """The trainings by the names of their rows, seed by seed, so that what was done before a stop can be compared."""
    found: list[tuple[str, Recipe]] = []
    for seed in spec.every_seed:
        found += [(row.name, row.recipe.replace(seed=seed)) for row in spec.rows]
        if spec.twin:
            found.append((TWIN, spec.recipe.conventional_twin().replace(seed=seed)))
    return found


def ablation_plan(spec: AblationSpec) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    size, trained = task_size(spec.task), trainings(spec)
    folder = embedded_path() if spec.model == EMBEDDED else Path(spec.model)
    parts = [Part(0, "", "read", START_SECONDS + READING_SECONDS)]
    for stage, (_, recipe) in enumerate(trained, start=1):
        for part in training_plan(TrainSpec(spec.model, spec.task, recipe)):
            parts.append(replace(part, stage=stage, name=part_name(part.stage, part.name)))
    models = [
        CheckpointInfo(folder, "", "bcos" if recipe.bcos else "conventional", "", (), recipe.max_length)
        for _, recipe in trained
    ]
    asking = 1 + len(trained)
    seconds = sum(predicting(asking, one, texts=size.validation, tokens=size.tokens).seconds for one in models)
    parts.append(Part(asking, ASKING, "predict", seconds))
    first = sorted(models, key=lambda one: one.kind == "bcos")
    for place, model in enumerate(first, start=1):
        parts += _scoring(asking + 1, place, model, spec, size)
    final = (2 + spec.twin) * spec.seeds  # the default, what was chosen, the twin
    for place, model in enumerate(first[:final], start=1):
        parts += _scoring(asking + 2, place, model, spec, size)
    return parts


def _scoring(stage: int, place: int, model: CheckpointInfo, spec: AblationSpec, size: TaskSize) -> list[Part]:
    """One model, the `place`th of an evaluation."""
    methods = [METHOD, CHANCE]
    texts, pairs = min(spec.limit, size.validation), min(spec.pairs, size.validation // 2)
    length = min(size.tokens - SPECIAL_TOKENS, TYPICAL_OF_LONGEST * spec.bounded_length)
    passes = min(spec.bounded_texts, texts) * search_passes(length, width=spec.beam_width, methods=len(methods))
    half = pointing_length(spec.evaluation((str(model.path),), side="validation"), spec.task)
    parts = [Part(stage, LOADING, "load", LOADING_SECONDS)]
    parts += [explaining(stage, model, name, texts=texts, tokens=size.tokens, name=part_of(name)) for name in methods]
    parts.append(curves(stage, model, explanations=texts * len(methods), tokens=size.tokens, name=CURVES))
    parts.append(predicting(stage, model, texts=passes, tokens=length + SPECIAL_TOKENS, name=LIMITS, pace=LIMITS))
    parts += [
        explaining(stage, model, name, texts=2 * pairs, tokens=2.0 * half, longest=1.0, name=pointing_part_of(name))
        for name in methods
    ]
    return [replace(part, name=part_name(place, part.name)) for part in parts]
