"""What a planted-truth experiment consists of, and what each part costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bcos_core.attribution.registry import CHANCE, METHODS
from bcos_core.evaluate.plan import LOADING_SECONDS, explaining, predicting
from bcos_core.jobs.part import Part
from bcos_core.lab.spec import LabSpec
from bcos_core.model.embedded import EMBEDDED, embedded_path
from bcos_core.model.info import CheckpointInfo
from bcos_core.text.size import task_size
from bcos_core.train.plan import KINDS, training_plan
from bcos_core.train.spec import TrainSpec

VERIFYING = "verifying"
DECIDED = 0.9
"""Share of the planted texts that a model decides by the plant, as a rule."""


def scoring_title(kind: str) -> str:
    """What the stage is called in which a kind of model is scored."""
    return f"Scoring explanations of the {KINDS[kind]} model"


def scored_methods(spec: LabSpec, *, is_bcos: bool, family: str) -> list[str]:
    """The methods that a kind of model is scored by, and chance; `family` as in `Method.unsupported`."""
    asked = dict.fromkeys((*spec.methods, CHANCE))
    return [name for name in asked if not METHODS[name].unsupported(is_bcos=is_bcos, family=family)]


def lab_plan(spec: LabSpec) -> list[Part]:
    """
    Raises:
        DataError: the task cannot be used.
    """
    parts = training_plan(TrainSpec(spec.model, spec.task, spec.recipe))
    size, begun = task_size(spec.task), len({part.stage for part in parts})
    folder = embedded_path() if spec.model == EMBEDDED else Path(spec.model)
    model = CheckpointInfo(folder, "", "bcos", "", (), spec.recipe.max_length)
    texts = min(spec.limit, size.test)
    for place, kind in enumerate(KINDS):
        trained = replace(model, kind=kind)
        verified = predicting(begun + place, trained, texts=2 * texts, tokens=size.tokens, name=VERIFYING)
        parts.append(replace(verified, pace="verify", seconds=verified.seconds + LOADING_SECONDS))
        parts += [
            explaining(begun + place, trained, method, texts=DECIDED * texts, tokens=size.tokens)
            for method in scored_methods(spec, is_bcos=kind == "bcos", family=trained.family)
        ]
    return parts
