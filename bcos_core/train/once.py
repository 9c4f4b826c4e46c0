"""Trainings known by their content: what was trained once on the same things in the same way is not trained again."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from bcos_core.errors import CheckpointError, JobError
from bcos_core.home import Home
from bcos_core.model.identity import folder_identity, library_versions
from bcos_core.model.sources import pretrained_folder, resolve_model
from bcos_core.progress import Reporter
from bcos_core.storage.content import name_of
from bcos_core.storage.evidence import EvidenceStore
from bcos_core.storage.places import here
from bcos_core.storage.plain import to_plain
from bcos_core.storage.stored_json import from_plain
from bcos_core.storage.upgrade import open_database
from bcos_core.text.content import choice_hash, data_hash
from bcos_core.text.tasks import TaskChoice, load_task
from bcos_core.train.pipeline import TrainResult, run_training
from bcos_core.train.recipe import Recipe
from bcos_core.train.spec import TrainSpec

TRAINING_VERSION = 1
"""Raised when training itself changes what it gives."""
KIND = "training"
_OF_CALIBRATION = ("calibration_texts", "ridge")
_OF_CONSISTENCY = ("consistency_start", "consistency_ranked")
_OF_BCOS = ("b", "ramp", "normalize_weights", "calibrate", *_OF_CALIBRATION, "consistency", *_OF_CONSISTENCY, "twin")


@dataclass(frozen=True)
class Once:
    """A training that is there: `result` as `run_training` gave it, `new` whether that was now; `measured` what was
    measured while it ran (see `train_once`)."""

    result: TrainResult
    new: bool
    measured: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class _Kept:
    result: TrainResult
    identities: tuple[str, ...]
    measured: dict[str, float] = field(default_factory=dict)


def training_content(spec: TrainSpec) -> dict[str, Any]:
    """What a training depends on, and nothing else: the pretrained model's files and the texts by content, those
    options of the recipe that bear on what it trains, the seed, and the libraries. What it is called does not count.

    Raises:
        InputError: a model or task that cannot be used; `HubUnavailableError` where it cannot be had.
    """
    return {
        "version": TRAINING_VERSION,
        "model": folder_identity(pretrained_folder(resolve_model(spec.model))),
        "data": _data(spec.task, choice_hash(spec.task)),
        "recipe": effective(spec.recipe),
        "libraries": library_versions(),
    }


@lru_cache(maxsize=64)
def _data(task: TaskChoice, file: str) -> str:
    """The content of a task, read once for as long as its `file` stays as it is."""
    return data_hash(load_task(task))


def effective(recipe: Recipe) -> dict[str, Any]:
    """The options of a recipe that change what it trains: an exponent is none of a conventional model's."""
    idle = {"name"}
    if not recipe.bcos:
        idle |= set(_OF_BCOS)
    if not recipe.calibrate:
        idle |= set(_OF_CALIBRATION)
    if not recipe.consistency:
        idle |= set(_OF_CONSISTENCY)
    return {one.name: getattr(recipe, one.name) for one in fields(Recipe) if one.name not in idle}


def trained_before(spec: TrainSpec, home: Home) -> Once | None:
    """The training, where it was done and its models are as they were left; None otherwise.

    Raises:
        InputError: as in `training_content`.
    """
    return _known(name_of(training_content(spec)), home)


def train_once(
    spec: TrainSpec,
    *,
    home: Home,
    work: Path,
    job: str,
    reporter: Reporter,
    measure: Callable[[], Mapping[str, float]] | None = None,
) -> Once:
    """Train, unless the same was trained before: then its models as they lie in the home. Stopped, it goes on from
    what is in `work`, a folder that is the job's own.

    Args:
        measure: called without arguments when the training is done; its numbers, by name, are kept with it.

    Raises:
        As `run_training` and `training_content`.
    """
    subject = name_of(training_content(spec))
    if known := _known(subject, home):
        return known
    # Those of one job lie beside each other in folders that are called by the training's name and the job's id.
    called = replace(spec, name=spec.name or f"{spec.task.title} {subject[:8]}")
    folder = work / subject
    result = run_training(called, home=home, work=folder, job=job, reporter=reporter)
    measured = dict(measure()) if measure is not None else {}
    kept = _Kept(result, tuple(folder_identity(Path(one)) for one in result.artefacts), measured)
    EvidenceStore(open_database(home)).keep(subject, KIND, {KIND: to_plain(kept)})
    shutil.rmtree(folder, ignore_errors=True)  # the checkpoints that it would have gone on from
    return Once(result, True, measured)


def _known(subject: str, home: Home) -> Once | None:
    found = here(EvidenceStore(open_database(home)).find(subject, KIND, [KIND]).get(KIND), home)
    if found is None:
        return None
    advice = "Train it anew."
    try:
        kept = from_plain(found, _Kept, error=JobError, what="What is kept of this training", advice=advice)
        now = tuple(folder_identity(Path(one)) for one in kept.result.artefacts)
    except (CheckpointError, JobError):  # deleted, or damaged
        return None
    return Once(kept.result, False, kept.measured) if now == kept.identities else None
