"""Models that differ from one by the seed of their training alone: how much of a heatmap is chance."""

from __future__ import annotations

from typing import Any

from bcos_core.model.info import CheckpointInfo, read_info
from bcos_core.model.size import model_size
from bcos_core.storage.listing import list_folders
from bcos_core.train.recipe import WITHOUT_EFFECT

MOST = 4
"""Beside the one that is asked about: five models make ten pairs."""


def other_seeds(info: CheckpointInfo) -> list[CheckpointInfo]:
    """The models beside it that were trained on the same data by the same recipe with another seed, one of each seed,
    by seed; at most `MOST`."""
    if info.recipe is None or info.task is None:
        return []
    found: dict[Any, CheckpointInfo] = {}
    for other in list_folders(info.path.parent, read_info):
        if other.recipe is not None and _like(other) == _like(info) and other.recipe.get("seed") != info.recipe["seed"]:
            found.setdefault(other.recipe.get("seed"), other)
    return [found[seed] for seed in sorted(found)][:MOST]


def _like(info: CheckpointInfo) -> list[Any]:
    """What two models that differ by their seed alone have in common, as far as their folders tell."""
    recipe = {name: value for name, value in (info.recipe or {}).items() if name not in ("seed", *WITHOUT_EFFECT)}
    said = [info.kind, info.family, info.b, info.task, info.data, info.labels, info.task_type, info.max_length]
    return [*said, recipe, model_size(info.path)]
